#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/compose/discovery.h"
#include "core/sys/terminal.h"
#include "core/world.h"

namespace pilotpros {

/// One command of ours: how it is called, and what it does.
class PluginCommand {
  public:
    PluginCommand() = default;
    PluginCommand(const PluginCommand&) = delete;
    PluginCommand& operator=(const PluginCommand&) = delete;
    PluginCommand(PluginCommand&&) = delete;
    PluginCommand& operator=(PluginCommand&&) = delete;
    virtual ~PluginCommand() = default;

    /// Adds itself, with options and an example, to the command line.
    virtual void declare(CLI::App& parent) = 0;
    /// Does its work. Errors are thrown; the value is the exit code of a run without one.
    virtual ExitCode run(World& world, Terminal& terminal) = 0;
};

/// Every command, in the order of the help.
std::vector<std::unique_ptr<PluginCommand>> all_commands();

/// The command line's parser with every command declared.
std::unique_ptr<CLI::App> make_parser(const std::vector<std::unique_ptr<PluginCommand>>& commands);

/// Compose's own selectors, the same for every command.
void declare_selectors(CLI::App& command, Selectors& into);

/// The option takes one value each time it is given, and may be given again: of `-f a.yaml web`, `web` is left to the
/// services. (Without this CLI11 gives an option of several values every word that follows.)
CLI::Option* one_each_time(CLI::Option* option);

}  // namespace pilotpros
