#include "plugin/views/tune_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/compose/yaml_place.h"
#include "plugin/views/text.h"

namespace pilotpros {

namespace {

constexpr const char* kOverride = "compose.yaml";

/// A word of a list as one would type it, so that where one ends and the next begins is seen.
std::string word_of(const nlohmann::json& one) {
    if (!one.is_string()) {
        return one.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    const auto& text = one.get_ref<const std::string&>();
    const bool plain = !text.empty() && text.find_first_of(" \t\"'") == std::string::npos;
    return plain ? text : text.find('\'') == std::string::npos ? "'" + text + "'" : "\"" + text + "\"";
}

/// The line of "NAME = …" in a PostgreSQL file.
int line_of_setting(const std::string& content, const std::string& name) {
    int line = 1;
    for (std::size_t at = 0; at < content.size(); ++line) {
        const std::size_t end = std::min(content.find('\n', at), content.size());
        const std::string text = content.substr(at, end - at);
        const std::size_t after = text.find_first_of(" =");
        if (text.substr(0, after) == name && after != std::string::npos) {
            return line;
        }
        at = end + 1;
    }
    return 0;
}

/// What a command gains, without values: "-c config_file".
std::string added_words(const Change& change) {
    const nlohmann::json& after = change.after;
    const nlohmann::json& before = change.before;
    if (!after.is_array()) {
        return "";
    }
    const bool longer =
        before.is_array() && before.size() <= after.size() && std::equal(before.begin(), before.end(), after.begin());
    std::vector<std::string> words;
    for (std::size_t i = 0; i < after.size(); ++i) {
        const bool known = longer
                               ? i < before.size()
                               : before.is_array() && std::find(before.begin(), before.end(), after[i]) != before.end();
        if (!known && after[i].is_string()) {
            const auto& word = after[i].get_ref<const std::string&>();
            words.push_back(word.substr(0, word.find('=')));
        }
    }
    return fmt::format("{}", fmt::join(words, " "));
}

std::string source_of(const nlohmann::json& mount) {
    std::string source = mount.is_string()   ? mount.get<std::string>()
                         : mount.is_object() ? mount.value("source", std::string{})
                                             : "";
    source = source.substr(0, source.find(':'));
    return source.starts_with("./") ? source.substr(2) : source;
}

}  // namespace

std::string value_words(const nlohmann::json& value) {
    if (value.is_null()) {
        return "not set";
    }
    if (value.is_string()) {
        return value.get_ref<const std::string&>().empty() ? "''" : printable(value.get_ref<const std::string&>());
    }
    if (!value.is_array()) {
        return printable(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    std::vector<std::string> words;
    for (const nlohmann::json& one : value) {
        words.push_back(printable(word_of(one)));
    }
    return words.empty() ? "[]" : fmt::format("{}", fmt::join(words, " "));
}

BundlePlaces::BundlePlaces(const Bundle& bundle) : bundle_(bundle) {
    constexpr std::size_t kDeepest = 16;  // nobody's path is longer
    if (const BundleFile* const file = bundle.file(kOverride)) {
        places_ = yaml_places(file->content, kDeepest);
    }
}

std::pair<std::string, int> BundlePlaces::of(const Change& change) const {
    const bool compose = change.target.kind == Target::Kind::kCompose;
    const std::string path = compose ? kOverride : fmt::format("postgres/{}/pilotpros.conf", change.service);
    const BundleFile* const file = bundle_.file(path);
    if (file == nullptr || change.target.path.empty()) {
        return {path, 0};
    }
    if (!compose) {
        return {path, line_of_setting(file->content, change.target.path.front())};
    }
    std::vector<std::string> way{"services", change.service};
    way.insert(way.end(), change.target.path.begin(), change.target.path.end());
    const auto place = places_.find(way);
    return {path, place == places_.end() ? 0 : place->second.line};
}

std::string verdict_words(const Verdict* verdict) {
    if (verdict == nullptr) {
        return "not asked";
    }
    switch (verdict->outcome) {
        case Verdict::Outcome::kAccepted:
            return printable(verdict->by.empty() ? "accepted" : "accepted by " + verdict->by);
        case Verdict::Outcome::kRefused:
            return printable(verdict->by.empty() ? "refused" : "refused by " + verdict->by);
        case Verdict::Outcome::kDerived:
            return "derived";
        case Verdict::Outcome::kNotAsked:
            break;
    }
    return "not asked";
}

std::string carrier_words(const Change& carrier) {
    const std::string place = carrier.target.path.empty() ? carrier.key : carrier.target.path.front();
    if (carrier.target.kind == Target::Kind::kPostgres) {
        return place == "include" ? "includes " + value_words(carrier.after) : "sets " + place;
    }
    if (place == "volumes" && carrier.after.is_array()) {
        std::vector<std::string> sources;
        for (const nlohmann::json& one : carrier.after) {
            sources.push_back(source_of(one));
        }
        return "mounts " + enumerated(sources);
    }
    if (place == "labels") {
        return "sets the label " + carrier.target.path.back();
    }
    const std::string added = place == "command" ? added_words(carrier) : "";
    return added.empty() ? "sets " + carrier.key : "adds " + added;
}

std::string cost_word(Cost cost) { return nlohmann::json(cost).get<std::string>(); }
std::string risk_word(Risk risk) { return nlohmann::json(risk).get<std::string>(); }

std::string count_of(std::size_t count, const std::string& one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string enumerated(const std::vector<std::string>& words) {
    if (words.size() < 2) {
        return words.empty() ? "" : words.front();
    }
    return fmt::format("{} and {}", fmt::join(words.begin(), words.end() - 1, ", "), words.back());
}

}  // namespace pilotpros
