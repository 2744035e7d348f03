#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/apply/preview.h"
#include "core/check.h"
#include "core/tune.h"
#include "plugin/cli.h"

namespace pilotpros {

/// What `tune`, `limits` and `healthcheck` share: they make a Plan and show it.
class PlanCommand : public PluginCommand {
  protected:
    explicit PlanCommand(std::string name) : name_(std::move(name)) {}

    /// Options and positional services that each of them has.
    void declare_common(CLI::App& command);
    void declare_apply(CLI::App& command);
    void declare_live(CLI::App& command);
    /// The request as it was typed; throws Error (kUsage).
    [[nodiscard]] TuneRequest request(const World& world) const;
    /// Makes the Plan, with progress on standard error.
    Tuning make(World& world, Terminal& terminal, const Connection& connection, const TuneRequest& request) const;
    /// Makes the Plan and prints it in the form that was asked for.
    ExitCode show(World& world, Terminal& terminal) const;
    void print(const World& world, Terminal& terminal, const Tuning& tuning) const;
    /// How much of what stands this Plan replaces.
    [[nodiscard]] Replace replace() const;
    /// `--apply`: shows the Plan, asks, and makes it one transaction.
    ExitCode apply(World& world, Terminal& terminal) const;
    /// What reads the files alone does nothing of what measures or shows one Change, nor of `more`: throws Error
    /// (kUsage) where that is given beside `flag`.
    void refuse_beside(const World& world, const std::string& flag,
                       std::vector<std::pair<std::string, bool>> more = {}) const;
    /// `--check` and `--lint`: prints what was found in the files; 6 when something was.
    ExitCode report(const World& world, Terminal& terminal, const Check& check) const;

    TuneRequest request_;
    bool apply_ = false;

  private:
    /// The command for this very Plan, with one more flag; empty: with none.
    [[nodiscard]] std::vector<std::string> again_with(const std::string& flag) const;
    /// Says what is interrupted, in which order and for how long.
    void announce(Terminal& terminal, const ApplyPreview& preview,
                  const std::map<std::string, AnnouncedInterruption>& interruptions) const;

    std::string name_, duration_, explain_, watch_;
    std::optional<std::string> plan_;
    std::string format_ = "table";
    bool diff_ = false, yes_ = false, live_ = false, in_place_ = false;
};

}  // namespace pilotpros
