#pragma once

#include "plugin/commands/plan_command.h"

namespace pilotpros {

/// `docker pilotpros healthcheck`: `tune` narrowed to health checks.
class HealthcheckCommand final : public PlanCommand {
  public:
    HealthcheckCommand() : PlanCommand("healthcheck") {}
    void declare(CLI::App& parent) override;
    ExitCode run(World& world, Terminal& terminal) override;

  private:
    bool check_ = false;
};

}  // namespace pilotpros
