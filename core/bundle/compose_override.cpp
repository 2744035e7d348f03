#include "core/bundle/compose_override.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/model/yaml_key.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// What stands at one place of the override.
struct Node {
    std::map<std::string, Node> children;
    std::vector<const Change*> changes;  ///< several only where Compose adds lists up
};

bool is_list(const Change& change) { return change.after.is_array(); }

std::string doubled(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        result += letter == '$' ? "$$" : std::string(1, letter);
    }
    return result;
}

/// JSON's quoting is YAML's double quoting.
std::string quoted(const std::string& text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string scalar(const Json& value, bool as_written) {
    if (!value.is_string()) {
        return value.dump();
    }
    const auto& text = value.get_ref<const std::string&>();
    return quoted(as_written ? text : doubled(text));
}

/// One line, whatever the rule holds.
std::string comment(const Change& change, const std::string& indent) {
    std::string text = change.key + ": " + change.rule;
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return fmt::format("{}# {}\n", indent, text);
}

void write(const Node& node, const std::string& name, int depth, std::string& into) {
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    for (const Change* const change : node.changes) {
        into += comment(*change, indent);
    }
    into += indent + yaml_key(name) + ":";
    if (node.changes.empty()) {
        into += "\n";
        for (const auto& [child, below] : node.children) {
            write(below, child, depth + 1, into);
        }
        return;
    }
    if (!is_list(*node.changes.front())) {
        into += " " + scalar(node.changes.front()->in_file(), node.changes.front()->has_users_variables()) + "\n";
        return;
    }
    into += "\n";
    for (const Change* const change : node.changes) {
        for (const Json& one : change->after) {
            into += indent + "  - " + scalar(one, change->as_written) + "\n";
        }
    }
}

std::string joined(const std::vector<std::string>& path) { return fmt::format("{}", fmt::join(path, ".")); }

/// Lists that Compose adds ours to.
bool adds_up(const std::vector<std::string>& path) {
    static const char* const kLists[] = {"volumes", "ports", "tmpfs", "cap_add", "cap_drop", "expose", "devices"};
    return path.size() == 1 &&
           std::any_of(std::begin(kLists), std::end(kLists), [&](const char* one) { return path.front() == one; });
}

std::string unquoted(std::string_view text) {
    if (text.size() < 2 || text.front() != '"') {
        return std::string{text};
    }
    const Json parsed = Json::parse(text, nullptr, false);
    return parsed.is_string() ? parsed.get<std::string>() : std::string{};
}

}  // namespace

std::string compose_override(const Plan& plan) {
    std::map<std::string, Node> services;
    for (const Change& change : plan.changes) {
        if (change.target.kind != Target::Kind::kCompose || change.target.path.empty()) {
            continue;
        }
        Node* at = &services[change.service];
        for (const std::string& step : change.target.path) {
            at = &at->children[step];
        }
        at->changes.push_back(&change);
    }
    if (services.empty()) {
        return {};
    }
    const std::string machine = plan.budget.total == 0 ? "without knowing the machine"
                                                       : fmt::format("for a machine with {} CPUs and {} of memory",
                                                                     plan.budget.cpus, format_bytes(plan.budget.total));
    std::string text = fmt::format(
        "# Made by docker pilotpros {}; made anew by each apply, so not to be\n"
        "# edited: x-pilotpros in your own Compose file pins, bounds or excludes. `docker pilotpros tune --explain "
        "KEY`\n"
        "# says why a value is what it is, `docker pilotpros rollback` takes all of it back.\n"
        "services:\n",
        machine);
    for (const auto& [name, node] : services) {
        write(node, name, 1, text);
    }
    return text;
}

std::vector<Mask> masks_of(const Plan& plan, const Project& project, const ServiceImages& images) {
    std::vector<Mask> masks;
    for (const Change& change : plan.changes) {
        if (change.target.kind == Target::Kind::kCompose && !adds_up(change.target.path)) {
            if (auto mask = hidden_at(project, images, change.service, joined(change.target.path))) {
                masks.push_back(std::move(*mask));
            }
        }
    }
    return masks;
}

Written read_override(const std::string& content) {
    Written result;
    std::string service;
    std::string key;
    bool wish = false;
    for (std::size_t at = 0; at < content.size();) {
        const std::size_t end = std::min(content.find('\n', at), content.size());
        const std::string_view line = std::string_view{content}.substr(at, end - at);
        at = end + 1;
        const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
        const std::string_view text = line.substr(indent);
        if (indent >= 4 && text.starts_with("# ")) {
            const std::size_t colon = text.find(": ");
            key = colon != std::string_view::npos ? std::string{text.substr(2, colon - 2)} : "";
            wish = colon != std::string_view::npos && is_wish(text.substr(colon + 2));
            continue;
        }
        if (indent == 2 && text.ends_with(':')) {
            service = unquoted(text.substr(0, text.size() - 1));
        } else if (const std::size_t colon = text.find(": ");
                   indent >= 4 && !key.empty() && colon != std::string_view::npos) {
            result[service][key] = wish ? "" : unquoted(text.substr(colon + 2));
        }
        key.clear();
    }
    return result;
}

std::map<std::string, std::string> read_settings(const std::string& content) {
    std::map<std::string, std::string> result;
    std::string line_before;
    std::string line;
    for (std::size_t at = 0; at < content.size();) {
        const std::size_t end = std::min(content.find('\n', at), content.size());
        line_before = std::exchange(line, content.substr(at, end - at));
        at = end + 1;
        const std::size_t equals = line.find(" = ");
        if (line.empty() || line.front() == '#' || equals == std::string::npos) {
            continue;
        }
        std::string value = line.substr(equals + 3);
        if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
            value = value.substr(1, value.size() - 2);
        }
        const bool wish = line_before.starts_with("# ") && is_wish(std::string_view{line_before}.substr(2));
        result[line.substr(0, equals)] = wish ? "" : value;
    }
    return result;
}

}  // namespace pilotpros
