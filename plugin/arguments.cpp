#include "plugin/arguments.h"

#include <fmt/format.h>

#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "core/model/error.h"

namespace pilotpros {

namespace {

constexpr std::string_view kName = "pilotpros";

struct ValueFlag {
    std::string_view name;
    char letter;
    std::optional<std::string> GlobalFlags::*target;
};

constexpr std::array<ValueFlag, 7> kValueFlags{{{"config", '\0', &GlobalFlags::config},
                                                {"context", 'c', &GlobalFlags::context},
                                                {"host", 'H', &GlobalFlags::host},
                                                {"log-level", 'l', &GlobalFlags::log_level},
                                                {"tlscacert", '\0', &GlobalFlags::tls_ca},
                                                {"tlscert", '\0', &GlobalFlags::tls_cert},
                                                {"tlskey", '\0', &GlobalFlags::tls_key}}};

struct BoolFlag {
    std::string_view name;
    char letter;
    bool GlobalFlags::*target;
};

constexpr std::array<BoolFlag, 3> kBoolFlags{{{"debug", 'D', &GlobalFlags::debug},
                                              {"tls", '\0', &GlobalFlags::tls},
                                              {"tlsverify", '\0', &GlobalFlags::tls_verify}}};

/// Reads docker's global flags until the first word that is none.
class GlobalReader {
  public:
    GlobalReader(const std::vector<std::string>& arguments, Arguments& into) : arguments_(arguments), into_(into) {}

    /// The index of the first argument that is no global flag.
    std::size_t read() {
        while (at_ < arguments_.size() && arguments_[at_].size() > 1 && arguments_[at_].front() == '-' &&
               arguments_[at_] != "--") {
            const std::string& word = arguments_[at_];
            if (word == "-h" || word == "--help") {
                into_.kind = Arguments::Kind::kHelp;
            } else if (!(word.starts_with("--") ? read_long(word) : read_letters(word))) {
                throw Error(ExitCode::kUsage,
                            fmt::format("docker has no global flag like {}", word.substr(0, word.find('='))),
                            "global flags stand before the word pilotpros, ours after it");
            }
            ++at_;
        }
        return at_;
    }

  private:
    std::string value_of(std::string_view flag) {
        if (at_ + 1 >= arguments_.size()) {
            throw Error(ExitCode::kUsage, fmt::format("{} needs a value", flag));
        }
        return arguments_[++at_];
    }

    /// As Go's strconv.ParseBool reads it.
    static bool truth(const std::string& flag, const std::string& value) {
        static const std::set<std::string> kTrue{"1", "t", "T", "TRUE", "true", "True"};
        static const std::set<std::string> kFalse{"0", "f", "F", "FALSE", "false", "False"};
        if (!kTrue.contains(value) && !kFalse.contains(value)) {
            throw Error(ExitCode::kUsage, fmt::format("--{} is neither true nor false", flag));
        }
        return kTrue.contains(value);
    }

    bool read_long(const std::string& word) {
        const auto equals = word.find('=');
        const std::string name = word.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
        for (const ValueFlag& flag : kValueFlags) {
            if (flag.name == name) {
                into_.globals.*flag.target = equals == std::string::npos ? value_of(word) : word.substr(equals + 1);
                return true;
            }
        }
        for (const BoolFlag& flag : kBoolFlags) {
            if (flag.name == name) {
                into_.globals.*flag.target = equals == std::string::npos || truth(name, word.substr(equals + 1));
                into_.globals.tls = into_.globals.tls || flag.target == &GlobalFlags::tls_verify;
                return true;
            }
        }
        return false;
    }

    bool read_letters(const std::string& word) {
        for (std::size_t i = 1; i < word.size(); ++i) {
            bool known = false;
            for (const BoolFlag& flag : kBoolFlags) {
                if (flag.letter != '\0' && flag.letter == word[i]) {
                    into_.globals.*flag.target = true;
                    known = true;
                }
            }
            for (const ValueFlag& flag : kValueFlags) {
                if (flag.letter != '\0' && flag.letter == word[i]) {
                    std::string rest = word.substr(i + 1);
                    if (rest.starts_with('=')) {
                        rest.erase(0, 1);
                    }
                    into_.globals.*flag.target = rest.empty() ? value_of(word) : rest;
                    return true;
                }
            }
            if (!known) {
                return false;
            }
        }
        return true;
    }

    const std::vector<std::string>& arguments_;
    Arguments& into_;
    std::size_t at_ = 0;
};

}  // namespace

Arguments split_arguments(const std::vector<std::string>& arguments) {
    Arguments result;
    if (!arguments.empty() && (arguments.front() == "__complete" || arguments.front() == "__completeNoDesc")) {
        result.kind = Arguments::Kind::kComplete;
        const bool named = arguments.size() > 1 && arguments[1] == kName;
        result.own.assign(arguments.begin() + (named ? 2 : 1), arguments.end());
        return result;
    }
    std::size_t at = GlobalReader(arguments, result).read();
    if (at < arguments.size() && arguments[at] == "help") {
        result.kind = Arguments::Kind::kHelp;
        ++at;
    }
    if (at < arguments.size() && arguments[at] == kName) {
        ++at;
    }
    result.own.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end());
    return result;
}

}  // namespace pilotpros
