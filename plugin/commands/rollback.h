#pragma once

#include "plugin/cli.h"

namespace pilotpros {

/// `docker pilotpros rollback`: takes back what was applied.
class RollbackCommand final : public PluginCommand {
  public:
    void declare(CLI::App& parent) override;
    ExitCode run(World& world, Terminal& terminal) override;

  private:
    Selectors selectors_;
    bool list_ = false, dry_run_ = false, all_ = false, purge_ = false, yes_ = false;
};

}  // namespace pilotpros
