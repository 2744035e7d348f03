#pragma once

#include "plugin/commands/plan_command.h"

namespace pilotpros {

/// `docker pilotpros tune`: what would change, why, what the programs say of it, and how to try and undo it.
class TuneCommand final : public PlanCommand {
  public:
    TuneCommand() : PlanCommand("tune") {}
    void declare(CLI::App& parent) override;
    ExitCode run(World& world, Terminal& terminal) override;

  private:
    std::vector<std::string> only_, skip_;
    bool lint_ = false;
};

}  // namespace pilotpros
