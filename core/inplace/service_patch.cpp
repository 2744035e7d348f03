#include "core/inplace/service_patch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/inplace/list_patch.h"
#include "core/inplace/neighbours.h"

namespace pilotpros {

namespace {

using Kind = YamlNode::Kind;

const YamlNode* value_of(const YamlNode* node, const std::string& key) {
    const auto place = node == nullptr ? std::nullopt : node->find(key);
    return place ? &node->items[*place] : nullptr;
}

const YamlNode* service_node(const YamlText& text, const std::string& service) {
    return value_of(value_of(&text.root, "services"), service);
}

class Patching {
  public:
    Patching(const YamlText& text, std::string service)
        : text_(text), service_(std::move(service)), style_(style_of(text)) {}

    ServicePatch run(const WantedPlace& wanted) {
        const YamlNode& services = *value_of(&text_.root, "services");
        const std::size_t place = *services.find(service_);
        if (may_be_changed(text_.root, "the file") && may_be_changed(services, "services")) {
            put_below(services, place, service_, wanted);
        }
        return std::move(patch_);
    }

  private:
    void refuse(std::string why) { patch_.refusals.push_back(std::move(why)); }

    /// Whether what stands there is this service's alone, and no word to Compose on how to merge it.
    bool may_be_changed(const YamlNode& node, const std::string& way) {
        std::string why = why_shared(text_, node, way);
        if (why.empty() && !node.tag.empty()) {
            why = fmt::format("{} carries the tag {}", way, node.tag);
        }
        if (!why.empty()) {
            refuse(std::move(why));
            return false;
        }
        return true;
    }

    /// At the value of one key of a mapping.
    void put_below(const YamlNode& mapping, std::size_t place, const std::string& way, const WantedPlace& wanted) {
        const YamlNode& value = mapping.items[place];
        if (!wanted.changes.empty()) {
            replace(value, way, wanted);
        } else if (!may_be_changed(value, way)) {
            return;
        } else if (value.kind == Kind::kMapping) {
            put_into(value, way, wanted);
        } else if (value.kind == Kind::kSequence && mapping.keys[place].text == "environment") {
            put_variables(value, way, wanted);
        } else if (value.kind == Kind::kNull && value.end) {
            fill(mapping, value, wanted);
        } else {
            refuse(fmt::format("{} is no mapping: there is no place for {}", way, first_key(wanted)));
        }
    }

    void put_into(const YamlNode& mapping, const std::string& way, const WantedPlace& wanted) {
        WantedPlace missing;
        for (const auto& [key, below] : wanted.below) {
            const std::string further = fmt::format("{}.{}", way, key);
            if (const auto place = mapping.find(key)) {
                put_below(mapping, *place, further, below);
                continue;
            }
            const YamlNode* const merged = merged_value(text_, mapping, key);
            const bool adds = below.is_list() && adds_to_list(below);
            if (merged != nullptr && (adds || !below.below.empty())) {
                refuse(
                    fmt::format("{} comes by << from a mapping that others take up, too: one of its own would hide "
                                "the rest of it",
                                further));
                continue;
            }
            if (merged != nullptr && !keeps_variables(*merged, further, below)) {
                continue;
            }
            missing.below[key] = below;
        }
        if (!missing.below.empty()) {
            insert(mapping, way, missing);
        }
    }

    /// A value that a variable gives is changed where the variable is set; unless ours is made of it.
    bool keeps_variables(const YamlNode& old, const std::string& way, const WantedPlace& wanted) {
        std::vector<std::string> texts;
        for (const Change* const change : wanted.changes) {
            for (std::string& one : file_texts(*change)) {
                texts.push_back(std::move(one));
            }
        }
        for (const std::string& variable : variables_of(text_, old)) {
            if (std::none_of(texts.begin(), texts.end(),
                             [&](const std::string& one) { return one.find(variable) != std::string::npos; })) {
                refuse(fmt::format("{} is {}: set it there", way, variable));
                return false;
            }
        }
        return true;
    }

    void replace(const YamlNode& value, const std::string& way, const WantedPlace& wanted) {
        const bool list = wanted.is_list();
        const bool adds = list && adds_to_list(wanted);
        const bool alias = value.kind == Kind::kAlias;
        // A reference is this service's own: another value in its place leaves what it refers to as it is.
        if ((!alias || adds) && !may_be_changed(value, way)) {
            return;
        }
        if (!adds && !keeps_variables(value, way, wanted)) {
            return;
        }
        if (value.kind == Kind::kSequence && list) {
            patch_list(text_, value, way, wanted, adds, patch_.edits, patch_.refusals);
            return;
        }
        const bool empty = value.kind == Kind::kNull && value.end == value.value;
        if (!value.end || (value.kind == Kind::kMapping && list) || (adds && value.kind != Kind::kNull)) {
            refuse(fmt::format("{} is written in a way of which no part can be changed with certainty", way));
            return;
        }
        const std::string old = text_.bytes.substr(value.value, *value.end - value.value);
        const bool collection = value.kind == Kind::kSequence || value.kind == Kind::kMapping;
        if (collection && (old.find('\n') != std::string::npos || old.find('#') != std::string::npos)) {
            refuse(fmt::format("{} stands in several lines, and becomes one value", way));
            return;
        }
        const bool quoted = old.starts_with('"') || old.starts_with('\'');
        const std::string fresh = in_one_line(wanted, style_, !quoted && !style_.json);
        if (value.kind != Kind::kScalar || list || value.text != file_texts(*wanted.changes.front()).front()) {
            patch_.edits.push_back({value.value, old.size(), (empty ? " " : "") + fresh});
        }
    }

    /// Names and values in the form of a list: `- NAME=VALUE`.
    void put_variables(const YamlNode& list, const std::string& way, const WantedPlace& wanted) {
        for (const auto& [name, below] : wanted.below) {
            if (below.changes.empty() || below.is_list()) {
                refuse(fmt::format("{}.{} is no text", way, name));
                continue;
            }
            const std::string beginning = fmt::format("{}=", name);
            const auto item = std::find_if(list.items.begin(), list.items.end(), [&, variable = name](const auto& one) {
                return one.kind == Kind::kScalar && (one.text == variable || one.text.starts_with(beginning));
            });
            const Change& change = *below.changes.front();
            const std::string fresh =
                yaml_scalar(fmt::format("{}{}", beginning, file_texts(change).front()), true, false);
            if (item == list.items.end()) {
                append_to_list(text_, list, way, {fresh}, patch_.edits, patch_.refusals);
            } else if (may_be_changed(*item, way) && keeps_variables(*item, fmt::format("{}.{}", way, name), below)) {
                if (!item->end) {
                    refuse(fmt::format("{}.{} stands in several lines", way, name));
                    continue;
                }
                patch_.edits.push_back({item->value, *item->end - item->value, fresh});
            }
        }
    }

    /// A key that has nothing yet.
    void fill(const YamlNode& mapping, const YamlNode& value, const WantedPlace& wanted) {
        const bool nothing = *value.end == value.value;
        const std::size_t line_end = text_.line_end(value.value);
        if (mapping.flow || !nothing || !text_.ends_line(value.value)) {
            patch_.edits.push_back({value.value, *value.end - value.value,
                                    (nothing ? " " : "") + in_one_line(wanted, style_, !style_.json)});
            return;
        }
        YamlStyle style = style_;
        style.line_break = text_.line_break(value.value);
        const std::size_t column = mapping.keys.front().begin - text_.line_begin(mapping.keys.front().begin);
        patch_.edits.push_back({line_end, 0, in_lines(wanted, style, column + style.step)});
    }

    void insert(const YamlNode& mapping, const std::string& way, const WantedPlace& missing) {
        if (mapping.flow) {
            insert_in_braces(mapping, way, missing);
            return;
        }
        const std::size_t first = mapping.keys.front().begin;
        const std::size_t begin = text_.line_begin(first);
        const std::size_t column = first - begin;
        if (text_.bytes.find_first_not_of(' ', begin) != first) {
            refuse(fmt::format("{} does not begin in a line of its own", way));
            return;
        }
        YamlStyle style = style_;
        style.line_break = text_.line_break(first);
        style.json = text_.bytes[first] == '"';
        const std::string lines = in_lines(missing, style, column);
        for (std::size_t at = mapping.items.size(); at-- > 0;) {
            const auto& end = mapping.items[at].end;
            if (end && text_.ends_line(*end)) {
                patch_.edits.push_back({text_.line_end(*end), 0, lines});
                return;
            }
        }
        // After none of them with certainty, so before all of them.
        const std::size_t lead = style.line_break.size() + column;
        patch_.edits.push_back({first, 0, lines.substr(lead) + lines.substr(0, lead)});
    }

    void insert_in_braces(const YamlNode& mapping, const std::string& way, const WantedPlace& missing) {
        YamlStyle style = style_;
        style.json = !mapping.keys.empty() && text_.bytes[mapping.keys.front().begin] == '"';
        const std::vector<std::string> entries = entries_in_one_line(missing, style);
        if (!mapping.end || text_.bytes[mapping.value] != '{') {
            refuse(fmt::format("{} is written in a way of which no part can be changed with certainty", way));
            return;
        }
        if (mapping.items.empty()) {
            patch_.edits.push_back({mapping.value + 1, 0, fmt::format("{}", fmt::join(entries, ", "))});
            return;
        }
        add_after(text_, *mapping.items.back().end, mapping.keys.back().begin, entries, patch_.edits);
    }

    static std::string first_key(const WantedPlace& wanted) { return wanted.below.begin()->first; }

    const YamlText& text_;
    std::string service_;
    YamlStyle style_;
    ServicePatch patch_;
};

}  // namespace

bool has_service(const YamlText& text, const std::string& service) { return service_node(text, service) != nullptr; }

bool has_place(const YamlText& text, const std::string& service, const std::vector<std::string>& path) {
    const YamlNode* node = service_node(text, service);
    for (const std::string& step : path) {
        if (node != nullptr && node->kind == Kind::kSequence) {
            return std::any_of(node->items.begin(), node->items.end(), [&](const YamlNode& one) {
                return one.text == step || one.text.starts_with(step + "=");
            });
        }
        node = value_of(node, step);
        if (node != nullptr && !node->tag.empty()) {
            return true;
        }
    }
    return node != nullptr;
}

ServicePatch patch_service(const YamlText& text, const std::string& service, const WantedPlace& wanted) {
    return Patching(text, service).run(wanted);
}

}  // namespace pilotpros
