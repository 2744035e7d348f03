#pragma once

#include "core/profile.h"
#include "plugin/cli.h"

namespace pilotpros {

/// `docker pilotpros profile`: what the running services are, use and need.
class ProfileCommand final : public PluginCommand {
  public:
    void declare(CLI::App& parent) override;
    ExitCode run(World& world, Terminal& terminal) override;

  private:
    ProfileRequest request_;
    std::string duration_ = "30s";
    std::string format_ = "table";
    bool show_ = false;
};

}  // namespace pilotpros
