#pragma once

namespace pilotpros {

/// The whole program behind main(): reads the command line, runs the command, and turns every error into a line, a hint
/// and an exit code.
int run(int argc, char** argv);

}  // namespace pilotpros
