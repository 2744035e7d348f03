#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/compose/discovery.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"
#include "core/model/project.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What Compose makes of the user's files with ours on top.
struct Merged {
    bool accepted = false;
    nlohmann::json resolved;            ///< as `docker compose config` prints it; holds secrets in clear
    std::vector<std::string> warnings;  ///< fit to be shown
    std::string complaint;              ///< when it is not accepted; fit to be shown
};

/// Which checks count. All of them, but for tests that show what each one is there for.
struct MergeChecks {
    bool accepted = true;  ///< Compose takes it
    bool warnings = true;  ///< no warning is new
    bool arrival = true;   ///< each value comes out as it was written
    bool strays = true;    ///< no other value moves
};

/// Whether the merge gives what the Plan says and nothing else: each value arrives, no other value moves, no warning is
/// new. A Change whose value does not arrive is refused by its key. That all arrive makes them derived, not accepted:
/// Compose reads no limit and no setting, it hands them on. Pure.
std::vector<Verdict> compare_merge(const Plan& plan, const Project& project, const Merged& merged,
                                   const MergeChecks& checks = {});

/// What is to be said, beside Compose's word on the whole, of Changes that nobody spoke of by name: a value that a
/// program reads (a setting of PostgreSQL, the environment, a health check's test, and what carries them) was not
/// asked about, and one that the user pinned is not ours to have computed. Pure.
std::vector<Verdict> verdicts_on_the_rest(const Plan& plan, const std::vector<Verdict>& verdicts);

class Merging;

/// What Compose was asked, and what it said.
struct MergeAnswer {
    std::vector<Verdict> verdicts;
    nlohmann::json resolved;  ///< of the whole Plan, also where a part is refused; null when Compose took nothing.
                              ///< Holds secrets in clear.
};

/// Asks `docker compose config`, and compares; Compose is at work from the beginning, so that something else can be
/// asked meanwhile. The override is laid into `scratch`, a private directory, and taken away again. Where Compose
/// refuses the whole, each service's part is asked about by itself, and of a part that is refused each value, so that
/// one bad value takes with it only what is joint with it.
class MergeQuestion {
  public:
    /// Refers to all but `scratch` and `checks`. Throws as a Process does.
    MergeQuestion(const Plan& plan, const Project& project, Path scratch, Files& files,
                  const Surroundings& surroundings, const MergeChecks& checks = {});
    MergeQuestion(const MergeQuestion&) = delete;
    MergeQuestion& operator=(const MergeQuestion&) = delete;
    MergeQuestion(MergeQuestion&&) = delete;
    MergeQuestion& operator=(MergeQuestion&&) = delete;
    ~MergeQuestion();

    /// Once.
    MergeAnswer answer();

  private:
    [[nodiscard]] std::vector<Verdict> compare(const Plan& part) const;
    /// `part`: of one service.
    [[nodiscard]] std::vector<Verdict> ask_about(const Plan& part) const;

    const Plan& plan_;
    const Project& project_;
    Path scratch_;
    Files& files_;
    const Surroundings& surroundings_;
    MergeChecks checks_;
    std::unique_ptr<Merging> whole_;  ///< null: nothing of the Plan is for Compose
};

}  // namespace pilotpros
