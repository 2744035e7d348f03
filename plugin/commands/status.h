#pragma once

#include "plugin/cli.h"

namespace pilotpros {

/// `docker pilotpros status`: what is applied, and where the running project has drifted from it.
class StatusCommand final : public PluginCommand {
  public:
    void declare(CLI::App& parent) override;
    ExitCode run(World& world, Terminal& terminal) override;

  private:
    Selectors selectors_;
    std::string format_ = "table";
};

}  // namespace pilotpros
