#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros {

/// An HTTP address that a probe asks, as written: any part may hold ${…} or $$NAME.
struct ProbeUrl {
    std::size_t word = 0;  ///< which of the probe's words it is
    std::string scheme, host, port, path;
    /// As the probe has it, with 127.0.0.1 for localhost.
    [[nodiscard]] std::string text() const;
};

/// A health check's test, read as far as it can be. Texts are as written.
struct Probe {
    enum class Form { kNone, kCmd, kShell };
    struct Word {
        std::string raw;                 ///< with its quotes
        std::size_t begin = 0, end = 0;  ///< where it stands in `text`; kShell only
    };
    Form form = Form::kNone;
    std::string text;          ///< kShell: all of it
    std::vector<Word> words;   ///< of the one command: without CMD, and without redirections and `|| exit 1`
    std::vector<Word> before;  ///< what runs it: "timeout 5", "gosu USER", and in a shell assignments and "!"
    std::string tail;          ///< kShell: what follows the command, e.g. "|| exit 1"
    bool simple = false;       ///< one command; false: pipes, lists, substitutions
    bool exec = false;         ///< kShell: the shell becomes the program, so that none is left behind when it is killed
    std::string program;       ///< base name of the first word
    std::optional<ProbeUrl> url;
    /// Every word is an option, a host, a port, a name or a plain address of a program whose options are known: it can
    /// be shown and written. What is not may hold a password.
    bool understood = false;

    [[nodiscard]] bool none() const { return form == Form::kNone; }
    /// The place of an option's value ("-h x", "-hx", "--host=x", "--host x"); nothing when it is not there. Second:
    /// the value without the option's own letters. Letters without a value may stand before it ("-qhx").
    struct Option {
        std::size_t word = 0;  ///< that holds the value
        std::string value;
    };
    [[nodiscard]] std::optional<Option> option(const std::string& letter, const std::string& name) const;
};

/// Reads `healthcheck.test`: a text (a shell's) or a list that begins with NONE, CMD or CMD-SHELL.
Probe read_probe(const nlohmann::json& test);

/// What a shell runs that a list calls, ["CMD", "sh", "-c", "TEXT"], read as a shell's; every other probe as it is.
Probe within_shell(const Probe& probe);

/// What `su USER -c TEXT` runs, read as a shell's; every other probe as it is.
Probe within_su(const Probe& probe);

/// Whether a command of this name is called somewhere in the test, also where it is not simple.
bool calls(const Probe& probe, const std::string& command);

/// Whether what -d names is a connection string, which names a host, too; not a ${…} that becomes a name.
bool is_connection_string(const std::string& database);

/// A word without its quotes.
std::string unquoted_word(const std::string& raw);

}  // namespace pilotpros
