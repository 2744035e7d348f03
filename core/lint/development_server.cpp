#include <fmt/format.h>

#include <algorithm>

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

/// The development server that a command starts, by its own name; empty: none that is known.
std::string development_server(const Service& service) {
    std::vector<std::string> words = words_of(member(service.resolved, "command"));
    if (words.size() == 3 && words[1].starts_with('-') && words[1].ends_with('c')) {
        words = words_of(Json(words[2]));
    }
    for (std::string& word : words) {
        word = file_name(word);
    }
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
        const std::string server = development_server(service);
        const Json& ports = member(service.resolved, "ports");
        if (!server.empty() && std::any_of(ports.begin(), ports.end(), on_every_interface)) {
            spots.push_back({name,
                             fmt::format("{} is a development server, and published on every interface", server),
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
