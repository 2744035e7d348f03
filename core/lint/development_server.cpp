#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

bool has_word(const std::vector<std::string>& words, const char* wanted) {
    return std::find(words.begin(), words.end(), wanted) != words.end();
}

bool has_word_after(const std::vector<std::string>& words, const char* first, const char* second) {
    const auto found = std::find(words.begin(), words.end(), first);
    return found != words.end() && std::find(found + 1, words.end(), second) != words.end();
}

/// By convention a script of such a name starts one: "dev", "start:dev", "start-watch", "dev:web"; one of another name
/// in it does something else ("build:dev", "test:watch").
bool names_development(const std::string& script) {
    static const std::set<std::string> kDevelops{"dev", "develop", "development", "watch"};
    static const std::set<std::string> kBeside{"start", "serve", "server", "run",      "app",
                                               "web",   "api",   "client", "frontend", "backend"};
    bool develops = false;
    for (std::size_t begin = 0; begin <= script.size();) {
        const std::size_t end = std::min(script.find_first_of(":-_", begin), script.size());
        const std::string part = script.substr(begin, end - begin);
        if (!kDevelops.contains(part) && !kBeside.contains(part)) {
            return false;
        }
        develops = develops || kDevelops.contains(part);
        begin = end + 1;
    }
    return develops;
}

/// The script of package.json that a command of a package manager runs; only npm wants `run` before it.
std::string script_run_by(const std::vector<std::string>& command) {
    const auto run = std::find_if(command.begin(), command.end(),
                                  [](const std::string& word) { return word == "run" || word == "run-script"; });
    if (run == command.end() && command.front() == "npm") {
        return {};
    }
    const auto script = std::find_if(run == command.end() ? command.begin() + 1 : run + 1, command.end(),
                                     [](const std::string& word) { return !word.starts_with('-'); });
    return script == command.end() ? std::string{} : *script;
}

/// "npm run dev" and the like; empty: none of these.
std::string development_script(const std::vector<std::string>& words) {
    static const std::set<std::string> kManagers{"npm", "yarn", "pnpm", "bun"};
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (!kManagers.contains(words[at])) {
            continue;
        }
        const std::string script = script_run_by(one_command(words, at));
        if (names_development(script)) {
            return fmt::format("{} run {}", words[at], script);
        }
    }
    return {};
}

/// The development server that a command starts, by its own name; empty: none that is known.
std::string development_server(const std::vector<std::string>& words) {
    if (has_word(words, "vite") && !has_word(words, "build") && !has_word(words, "preview")) {
        return "vite";
    }
    for (const char* const with_dev : {"next", "nuxt", "nuxi", "astro", "remix"}) {
        if (has_word_after(words, with_dev, "dev")) {
            return fmt::format("{} dev", with_dev);
        }
    }
    for (const char* const alone : {"nodemon", "ts-node-dev", "webpack-dev-server", "runserver"}) {
        if (has_word(words, alone)) {
            return alone;
        }
    }
    if (has_word_after(words, "node", "--watch") || has_word_after(words, "tsx", "watch")) {
        return has_word(words, "tsx") ? "tsx watch" : "node --watch";
    }
    if (has_word_after(words, "flask", "--debug") || has_word_after(words, "uvicorn", "--reload")) {
        return has_word(words, "flask") ? "flask --debug" : "uvicorn --reload";
    }
    return {};
}

/// The words of its command, a shell's text taken apart, of paths the last part.
std::vector<std::string> command_words(const Service& service) {
    const Json& command = member(service.resolved, "command");
    std::vector<std::string> words = shell_words(command).value_or(words_of(command));
    for (std::string& word : words) {
        word = file_name(word);
    }
    return words;
}

/// "8000:80" and a port alone are on every interface, "127.0.0.1:8000:80" is not; a ${…} may be anything.
bool on_every_interface(const Json& port) {
    if (port.is_object()) {
        const std::string address = text(port, "host_ip");
        return !has_variable(address) && (address.empty() || address == "0.0.0.0" || address == "::");
    }
    const std::string written = as_text(port);
    return !has_variable(written) && std::count(written.begin(), written.end(), ':') == 1;
}

std::vector<Spot> look_development_server(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const std::vector<std::string> words = command_words(service);
        const std::string server = development_server(words);
        const std::string script = server.empty() ? development_script(words) : "";
        const Json& ports = member(service.resolved, "ports");
        if ((!server.empty() || !script.empty()) && std::any_of(ports.begin(), ports.end(), on_every_interface)) {
            spots.push_back(
                {name,
                 script.empty()
                     ? fmt::format("{} is a development server, and published on every interface", server)
                     : fmt::format("by its name {} starts a development server, and it is published on every interface",
                                   script),
                 "build once and serve the result; if it is for developing, publish it on 127.0.0.1 alone",
                 "",
                 {"development-server"}});
        }
    }
    return spots;
}

}  // namespace

LintRules development_server_rules() {
    return {{"development-server", Finding::Severity::kNote, "a development server is published on every interface",
             "it is slower than what it would build, watches files, and shows sources and errors to whoever asks",
             "https://vite.dev/guide/build.html", look_development_server}};
}

}  // namespace pilotpros::linting
