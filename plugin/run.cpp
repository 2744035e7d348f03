#include "plugin/run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "plugin/arguments.h"
#include "plugin/cli.h"
#include "plugin/complete.h"
#include "plugin/views/help_text.h"
#include "plugin/views/told.h"
#include "plugin/views/what_next.h"

namespace pilotpros {

namespace {

/// The one place where an error becomes words and a number.
int report(const Error& error, Terminal& terminal) {
    tell(terminal, fmt::format("docker pilotpros: {}", error.what()), 2);
    tell(terminal, fmt::format("  next: {}", what_next(error)), 4);
    return static_cast<int>(error.code());
}

/// What is closed would be the next file or socket that we open, and what we print would go there. Standard output is
/// opened so that a write to it fails, which is told.
void occupy_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
            open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

/// All of standard input; a request to stop is heard while waiting for it.
std::string read_standard_input(const Cancel& cancel) {
    constexpr std::size_t kLongest = 64U << 20U;
    std::string content;
    std::array<char, 65536> buffer{};
    for (;;) {
        std::vector<pollfd> polled{{STDIN_FILENO, POLLIN, 0}};
        for (const int descriptor : cancel.descriptors()) {
            polled.push_back({descriptor, POLLIN, 0});
        }
        poll(polled.data(), polled.size(), -1);
        cancel.check();
        if (polled.front().revents == 0) {
            continue;
        }
        const auto count = read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count == 0) {
            return content;
        }
        if (count > 0) {
            content.append(buffer.data(), static_cast<std::size_t>(count));
        } else if (errno != EINTR && errno != EAGAIN) {
            throw Error(ExitCode::kBadInput,
                        fmt::format("cannot read standard input: {}", std::generic_category().message(errno)),
                        "name the file with -f FILE, or hand it over as in docker pilotpros tune -f - <FILE");
        }
        if (content.size() > kLongest) {
            throw Error(ExitCode::kBadInput, "standard input is longer than 64 MiB, which no Compose file is");
        }
    }
}

int run_parsed(const Arguments& arguments, World& world, Terminal& terminal) {
    const auto commands = all_commands();
    const auto parser = make_parser(commands);
    std::vector<std::string> own = arguments.own;
    if (!own.empty() && own.front() == "help") {
        own.erase(own.begin());
        own.emplace_back("--help");
    } else if (arguments.kind == Arguments::Kind::kHelp || own.empty()) {
        own.emplace_back("--help");
    }
    try {
        parser->parse(std::vector<std::string>{own.rbegin(), own.rend()});  // CLI11 takes them from the back
    } catch (const CLI::CallForHelp&) {
        const auto chosen = parser->get_subcommands();
        if (chosen.empty() && !own.front().starts_with('-')) {
            return report(Error(ExitCode::kUsage, fmt::format("there is no command {}", own.front()),
                                "docker pilotpros --help tells which there are"),
                          terminal);
        }
        terminal.out(help_as_text(chosen.empty() ? parser->help() : chosen.front()->help(), terminal.width()));
        return 0;
    } catch (const CLI::CallForAllHelp&) {
        terminal.out(help_as_text(parser->help("", CLI::AppFormatMode::All), terminal.width()));
        return 0;
    } catch (const CLI::CallForVersion& version) {
        terminal.out(std::string{version.what()} + "\n");
        return 0;
    } catch (const CLI::ParseError& error) {
        const auto chosen = parser->get_subcommands();
        const std::string name = chosen.empty() ? "" : chosen.front()->get_name() + " ";
        return report(Error(ExitCode::kUsage, error.what(), fmt::format("docker pilotpros {}--help", name)), terminal);
    }
    if (world.environment.working_directory.empty()) {
        throw Error(ExitCode::kBadInput, "the folder that you are in is gone: it was removed",
                    "cd to one that is there, and run the command again");
    }
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (parser->get_subcommand(static_cast<int>(i))->parsed()) {
            return static_cast<int>(commands[i]->run(world, terminal));
        }
    }
    return static_cast<int>(ExitCode::kUsage);
}

}  // namespace

int run(int argc, char** argv) {
    occupy_standard_streams();
    const Environment environment = Environment::of_process();
    StandardTerminal terminal(environment);
    try {
        const Arguments arguments = split_arguments({argv + 1, argv + argc});
        DiskFiles files;
        SystemProcess process;
        const Clock clock;
        Cancel cancel = Cancel::install(environment.get("DOCKER_CLI_PLUGIN_SOCKET").value_or(""));
        World world{environment,
                    files,
                    process,
                    clock,
                    cancel,
                    arguments.globals,
                    [&cancel] { return read_standard_input(cancel); }};
        if (arguments.kind == Arguments::Kind::kComplete) {
            return complete(arguments.own, world, terminal);
        }
        return run_parsed(arguments, world, terminal);
    } catch (const Error& error) {
        return report(error, terminal);
    } catch (const std::exception& error) {
        return report(Error(ExitCode::kInternal, fmt::format("our own error: {}", error.what()),
                            "please report it, with the command that you typed"),
                      terminal);
    }
}

}  // namespace pilotpros
