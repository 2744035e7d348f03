#include "core/inplace/yaml_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestLine = 100;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// "512m", "1m30s": a size or duration, which no reader of YAML takes for a number.
bool is_plain(const std::string& text) {
    constexpr std::string_view kUnits = "bkmghsuBKMG";
    return !text.empty() && is_digit(text.front()) && text.front() != '0' && !is_digit(text.back()) &&
           std::all_of(text.begin(), text.end(),
                       [&](char letter) { return is_digit(letter) || kUnits.find(letter) != std::string_view::npos; });
}

std::string with_double_dollars(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        result.append(letter == '$' ? 2 : 1, letter);
    }
    return result;
}

/// The items of a list, as scalars.
std::vector<std::string> items_of(const WantedPlace& place) {
    std::vector<std::string> items;
    for (const Change* const change : place.changes) {
        for (const Json& one : change->after) {
            items.push_back(yaml_scalar(one, change->as_written, false));
        }
    }
    return items;
}

bool has_list_of_its_own_lines(const std::string& key, const std::string& line) {
    return key == "volumes" || line.size() > kLongestLine;
}

}  // namespace

WantedPlace wanted_places(const std::vector<const Change*>& changes) {
    WantedPlace root;
    for (const Change* const change : changes) {
        WantedPlace* at = &root;
        for (const std::string& step : change->target.path) {
            at = &at->below[step];
        }
        at->changes.push_back(change);
    }
    return root;
}

std::vector<std::string> file_texts(const Change& change) {
    std::vector<std::string> texts;
    for (const Json& one : change.after.is_array() ? change.after : Json::array({change.in_file()})) {
        const std::string text = one.is_string() ? one.get<std::string>() : one.dump();
        texts.push_back(change.has_users_variables() ? text : with_double_dollars(text));
    }
    return texts;
}

std::string yaml_scalar(const Json& value, bool as_written, bool plain) {
    if (!value.is_string()) {
        return value.dump();
    }
    const auto& text = value.get_ref<const std::string&>();
    if (plain && is_plain(text)) {
        return text;
    }
    // JSON's quoting is YAML's double quoting.
    return Json(as_written ? text : with_double_dollars(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string yaml_key(const std::string& key, bool json) {
    const bool plain = !json && !key.empty() && std::isalpha(static_cast<unsigned char>(key.front())) != 0 &&
                       key.size() > 3 && key != "null" && key != "true" && key != "false" &&
                       std::all_of(key.begin(), key.end(), [](unsigned char letter) {
                           return std::isalnum(letter) != 0 || letter == '_' || letter == '-';
                       });
    return plain ? key : Json(key).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> entries_in_one_line(const WantedPlace& place, const YamlStyle& style) {
    std::vector<std::string> entries;
    for (const auto& [key, below] : place.below) {
        entries.push_back(fmt::format("{}: {}", yaml_key(key, style.json), in_one_line(below, style, !style.json)));
    }
    return entries;
}

std::string in_one_line(const WantedPlace& place, const YamlStyle& style, bool plain) {
    if (!place.below.empty()) {
        return fmt::format("{{{}}}", fmt::join(entries_in_one_line(place, style), ", "));
    }
    return place.is_list()
               ? fmt::format("[{}]", fmt::join(items_of(place), ", "))
               : yaml_scalar(place.changes.front()->in_file(), place.changes.front()->has_users_variables(), plain);
}

std::string in_lines(const WantedPlace& place, const YamlStyle& style, std::size_t column) {
    std::string lines;
    for (const auto& [key, below] : place.below) {
        lines += fmt::format("{}{:{}}{}:", style.line_break, "", column, yaml_key(key, style.json));
        if (!below.below.empty()) {
            lines += in_lines(below, style, column + style.step);
            continue;
        }
        const std::string value = in_one_line(below, style, !style.json);
        if (below.is_list() && has_list_of_its_own_lines(key, value)) {
            for (const std::string& item : items_of(below)) {
                lines += fmt::format("{}{:{}}- {}", style.line_break, "", column + style.list_step, item);
            }
        } else {
            lines += fmt::format(" {}", value);
        }
    }
    return lines;
}

std::vector<std::string> variables_in(const std::string& text) {
    std::vector<std::string> found;
    for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at)) {
        const std::size_t begin = at++;
        const char next = at < text.size() ? text[at] : ' ';
        if (next == '$') {
            ++at;
        } else if (next == '{') {
            int depth = 0;
            for (; at < text.size(); ++at) {
                depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
                if (depth == 0) {
                    ++at;
                    break;
                }
            }
            found.push_back(text.substr(begin, at - begin));
        } else if (std::isalpha(static_cast<unsigned char>(next)) != 0 || next == '_') {
            while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_')) {
                ++at;
            }
            found.push_back(text.substr(begin, at - begin));
        }
    }
    return found;
}

}  // namespace pilotpros
