#include "plugin/views/what_next.h"

namespace pilotpros {

std::string what_next(const Error& error) {
    if (!error.hint().empty()) {
        return error.hint();
    }
    switch (error.code()) {
        case ExitCode::kEngineNeeded:
        case ExitCode::kNoEngine:
            return "docker version asks the same engine; run the command again when it answers";
        case ExitCode::kUsage:
            return "docker pilotpros --help";
        case ExitCode::kInterrupted:
            return "run the same command again";
        case ExitCode::kGateFailed:
        case ExitCode::kNotRestored:
            return "docker pilotpros status shows what stands";
        case ExitCode::kInternal:
            return "please report it, with the command that you typed";
        case ExitCode::kDone:
        case ExitCode::kFindings:
        case ExitCode::kRefused:
        case ExitCode::kBadInput:
            break;
    }
    return "mend that, and run the same command again";
}

}  // namespace pilotpros
