#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace pilotpros {

/// What the process says to its caller. Documented in docs/exit-codes.md; 1 is what docker itself says of a missing
/// plugin.
enum class ExitCode : int {
    kDone = 0,           ///< done, or nothing to do
    kNoEngine = 2,       ///< done without an engine: from files alone
    kRefused = 3,        ///< a verdict, a conflict or a lock refuses
    kGateFailed = 4,     ///< a gate failed, everything was rolled back
    kEngineNeeded = 5,   ///< an engine is needed and cannot be reached, or was lost
    kFindings = 6,       ///< findings of --check or --lint
    kNotRestored = 7,    ///< something could not be restored; what is left to do is printed
    kUsage = 64,         ///< the command line is wrong
    kBadInput = 65,      ///< a file of the user's is wrong
    kInternal = 70,      ///< our own error
    kInterrupted = 130,  ///< interrupted, and rolled back where there was something to roll back
};

/// The one exception that crosses rooms. `what()` is one line that names the object; `hint()` is the next step, or
/// empty.
class Error : public std::runtime_error {
  public:
    Error(ExitCode code, const std::string& what, std::string hint = {})
        : std::runtime_error(what), code_(code), hint_(std::move(hint)) {}

    [[nodiscard]] ExitCode code() const { return code_; }
    [[nodiscard]] const std::string& hint() const { return hint_; }

  private:
    ExitCode code_;
    std::string hint_;
};

/// Thrown when the user asked us to stop. Whoever has something to keep or to undo catches it.
class Interrupted : public Error {
  public:
    Interrupted() : Error(ExitCode::kInterrupted, "interrupted") {}
};

/// Thrown when the engine does not answer, hangs up or answers nonsense.
class EngineLost : public Error {
  public:
    explicit EngineLost(const std::string& what, std::string hint = {})
        : Error(ExitCode::kEngineNeeded, what, std::move(hint)) {}
};

}  // namespace pilotpros
