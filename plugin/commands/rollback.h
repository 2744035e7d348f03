#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/apply/locate.h"
#include "core/apply/rollback.h"
#include "core/connection.h"
#include "plugin/cli.h"

namespace pilotpros {

/// `docker pilotpros rollback`: takes back what was applied.
class RollbackCommand final : public PluginCommand {
  public:
    void declare(CLI::App& parent) override;
    ExitCode run(World& world, Terminal& terminal) override;

  private:
    /// The engine is null where only the files go back and none answers.
    [[nodiscard]] std::pair<Located, Engine*> locate(World& world, const Connection& connection) const;
    /// The first word may be an ID.
    [[nodiscard]] RollbackRequest request(const ApplyStore& store) const;
    ExitCode dry_run(World& world, Terminal& terminal, Engine* engine, const ApplyStore& store) const;
    ExitCode undo(World& world, Terminal& terminal, Engine* engine, ApplyStore& store) const;

    Selectors selectors_;
    RollbackRequest asked_;
    std::vector<std::string> words_;
    bool list_ = false, dry_run_ = false, purge_ = false, yes_ = false;
};

}  // namespace pilotpros
