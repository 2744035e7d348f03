#pragma once

#include "plugin/commands/plan_command.h"

namespace pilotpros {

/// `docker pilotpros limits`: `tune` narrowed to memory, CPU and processes.
class LimitsCommand final : public PlanCommand {
  public:
    LimitsCommand() : PlanCommand("limits") {}
    void declare(CLI::App& parent) override;
    ExitCode run(World& world, Terminal& terminal) override;

  private:
    bool check_ = false;
};

}  // namespace pilotpros
