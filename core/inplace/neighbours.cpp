#include "core/inplace/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace pilotpros {

namespace {

using Kind = YamlNode::Kind;

constexpr int kDeepestMerge = 20;

const YamlNode* referred(const YamlText& text, const YamlNode& node) {
    if (node.kind != Kind::kAlias) {
        return &node;
    }
    const auto found = text.anchored.find(node.anchor);
    return found == text.anchored.end() ? nullptr : found->second;
}

const YamlNode* merged_by(const YamlText& text, const YamlNode& mapping, const std::string& key, int depth) {
    const auto place = mapping.find("<<");
    if (!place || depth > kDeepestMerge) {
        return nullptr;
    }
    const YamlNode& merged = mapping.items[*place];
    std::vector<const YamlNode*> sources;
    if (merged.kind == Kind::kSequence) {
        for (const YamlNode& one : merged.items) {
            sources.push_back(referred(text, one));
        }
    } else {
        sources.push_back(referred(text, merged));
    }
    for (const YamlNode* const source : sources) {
        if (source == nullptr) {
            continue;
        }
        if (const auto there = source->find(key)) {
            return &source->items[*there];
        }
        if (const YamlNode* const further = merged_by(text, *source, key, depth + 1)) {
            return further;
        }
    }
    return nullptr;
}

std::size_t column_of(const YamlText& text, std::size_t at) { return at - text.line_begin(at); }

/// The first list in lines below a key that is no part of another: how far in it is.
std::optional<std::size_t> list_step_in(const YamlText& text, const YamlNode& node) {
    for (std::size_t at = 0; at < node.items.size(); ++at) {
        const YamlNode& value = node.items[at];
        const bool list = node.kind == Kind::kMapping && !node.flow && value.kind == Kind::kSequence && !value.flow;
        if (list && column_of(text, value.value) >= column_of(text, node.keys[at].begin)) {
            return column_of(text, value.value) - column_of(text, node.keys[at].begin);
        }
        if (const auto below = list_step_in(text, value)) {
            return below;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> mapping_step_in(const YamlText& text, const YamlNode& node) {
    for (std::size_t at = 0; at < node.items.size(); ++at) {
        const YamlNode& value = node.items[at];
        if (node.kind == Kind::kMapping && !node.flow && value.kind == Kind::kMapping && !value.flow &&
            !value.keys.empty()) {
            const std::size_t inner = column_of(text, value.keys.front().begin);
            const std::size_t outer = column_of(text, node.keys[at].begin);
            if (inner > outer) {
                return inner - outer;
            }
        }
    }
    return std::nullopt;
}

}  // namespace

std::string why_shared(const YamlText& text, const YamlNode& node, const std::string& way) {
    if (node.kind == Kind::kAlias) {
        return fmt::format("{} is *{} (line {}): a change of what that stands for would be one of all that take it up",
                           way, node.text, text.line_of(node.begin));
    }
    const auto use = node.anchor == 0 ? text.used_at.end() : text.used_at.find(node.anchor);
    if (use == text.used_at.end()) {
        return {};
    }
    return fmt::format("{} carries &{}, which line {} takes up: it would change there, too", way,
                       text.anchors.at(node.anchor), text.line_of(use->second));
}

const YamlNode* merged_value(const YamlText& text, const YamlNode& mapping, const std::string& key) {
    return merged_by(text, mapping, key, 0);
}

std::vector<std::string> variables_of(const YamlText& text, const YamlNode& node) {
    if (node.kind == Kind::kAlias) {
        const YamlNode* const meant = referred(text, node);
        return meant == nullptr || meant->kind != Kind::kScalar ? std::vector<std::string>{}
                                                                : variables_in(meant->text);
    }
    std::vector<std::string> all = node.kind == Kind::kScalar ? variables_in(node.text) : std::vector<std::string>{};
    for (const YamlNode& item : node.items) {
        const std::vector<std::string> more = variables_of(text, item);
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

YamlStyle style_of(const YamlText& text) {
    YamlStyle style;
    const auto services = text.root.find("services");
    if (!services) {
        return style;
    }
    const YamlNode& all = text.root.items[*services];
    const auto inside = mapping_step_in(text, all);  // of services, whose keys are the ones that we join
    style.step = inside ? *inside : mapping_step_in(text, text.root).value_or(style.step);
    style.list_step = list_step_in(text, all).value_or(style.step);
    style.json = text.root.flow && text.bytes[text.root.keys.front().begin] == '"';
    return style;
}

bool adds_to_list(const WantedPlace& wanted) {
    static const char* const kAdded[] = {"volumes", "ports", "tmpfs", "cap_add", "cap_drop", "expose", "devices"};
    const auto& path = wanted.changes.front()->target.path;
    return path.size() == 1 &&
           std::any_of(std::begin(kAdded), std::end(kAdded), [&](const char* one) { return path.front() == one; });
}

}  // namespace pilotpros
