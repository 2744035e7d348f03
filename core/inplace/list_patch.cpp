#include "core/inplace/list_patch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "core/inplace/neighbours.h"

namespace pilotpros {

namespace {

using Kind = YamlNode::Kind;

/// The text of an item, that of a reference included; nothing where it is none.
std::optional<std::string> item_text(const YamlText& text, const YamlNode& item) {
    if (item.kind == Kind::kScalar) {
        return item.text;
    }
    const auto meant = item.kind == Kind::kAlias ? text.anchored.find(item.anchor) : text.anchored.end();
    return meant != text.anchored.end() && meant->second->kind == Kind::kScalar ? std::optional{meant->second->text}
                                                                                : std::nullopt;
}

/// The wanted items: as Compose is to read them, and as they are written.
struct WantedItem {
    std::string text, written;
};

std::vector<WantedItem> wanted_items(const WantedPlace& wanted) {
    std::vector<WantedItem> items;
    for (const Change* const change : wanted.changes) {
        std::size_t at = 0;
        for (const std::string& one : file_texts(*change)) {
            items.push_back({one, yaml_scalar(change->after.at(at++), change->as_written, false)});
        }
    }
    return items;
}

std::vector<std::string> written_from(const std::vector<WantedItem>& items, std::size_t first) {
    std::vector<std::string> written;
    for (std::size_t at = first; at < items.size(); ++at) {
        written.push_back(items[at].written);
    }
    return written;
}

}  // namespace

void add_after(const YamlText& text, std::size_t end, std::size_t last, const std::vector<std::string>& entries,
               std::vector<ByteEdit>& edits) {
    const std::size_t begin = text.line_begin(last);
    const std::size_t indented = text.bytes.find_first_not_of(" \t", begin);
    const std::size_t next = text.skip_blank(end);
    const bool comma = next < text.bytes.size() && text.bytes[next] == ',';
    const std::size_t behind = text.bytes.find_first_not_of(" \t", comma ? next + 1 : end);
    // A comment behind the last one stays with it.
    const bool comment = behind != std::string::npos && text.bytes[behind] == '#';
    const std::string gap = indented == last || comment
                                ? text.line_break(last) + text.bytes.substr(begin, indented - begin)
                                : std::string{" "};
    const std::string separator = fmt::format(",{}", gap);
    const std::string joined = fmt::format("{}{}", gap, fmt::join(entries, separator));
    if (!comma) {
        edits.push_back({end, 0, comment ? "," : fmt::format(",{}", joined)});
    }
    if (comma || comment) {
        edits.push_back({comment ? text.line_end(behind) : next + 1, 0, joined});
    }
}

void append_to_list(const YamlText& text, const YamlNode& list, const std::string& way,
                    const std::vector<std::string>& fresh, std::vector<ByteEdit>& edits,
                    std::vector<std::string>& refusals) {
    const bool ends = !list.items.empty() && list.items.back().end;
    const std::size_t last = ends ? *list.items.back().end : 0;
    const bool dashes = !list.flow && text.bytes[list.value] == '-';
    const std::size_t begin = text.line_begin(list.value);
    if (list.flow && list.end && list.items.empty()) {
        edits.push_back({list.value + 1, 0, fmt::format("{}", fmt::join(fresh, ", "))});
    } else if (list.flow && list.end && ends) {
        add_after(text, last, list.items.back().begin, fresh, edits);
    } else if (dashes && ends && text.ends_line(last) && text.bytes.find_first_not_of(' ', begin) == list.value) {
        const std::string lead = text.line_break(begin) + text.bytes.substr(begin, list.value - begin) + "- ";
        edits.push_back({text.line_end(last), 0, fmt::format("{}{}", lead, fmt::join(fresh, lead))});
    } else {
        refusals.push_back(fmt::format("where the list {} ends cannot be told with certainty", way));
    }
}

void patch_list(const YamlText& text, const YamlNode& list, const std::string& way, const WantedPlace& wanted,
                bool adds, std::vector<ByteEdit>& edits, std::vector<std::string>& refusals) {
    std::vector<WantedItem> fresh = wanted_items(wanted);
    const std::size_t both = adds ? 0 : std::min(fresh.size(), list.items.size());
    if (adds) {
        std::erase_if(fresh, [&](const WantedItem& one) {
            return std::any_of(list.items.begin(), list.items.end(),
                               [&](const YamlNode& item) { return item_text(text, item) == one.text; });
        });
    }
    for (std::size_t at = 0; at < both; ++at) {
        const YamlNode& item = list.items[at];
        if (item_text(text, item) == fresh[at].text) {
            continue;
        }
        const std::string why = item.kind == Kind::kAlias ? "" : why_shared(text, item, way);
        if (!why.empty() || !item.end || item.items.size() > 1 || !item.tag.empty()) {
            refusals.push_back(why.empty() ? fmt::format("an item of {} stands in several lines", way) : why);
            return;
        }
        edits.push_back({item.value, *item.end - item.value, fresh[at].written});
    }
    if (fresh.size() > both) {
        append_to_list(text, list, way, written_from(fresh, both), edits, refusals);
    } else if (!adds && list.items.size() > both) {
        const bool ends = both > 0 && list.items[both - 1].end && list.items.back().end;
        const std::size_t from = ends ? *list.items[both - 1].end : 0;
        const std::size_t length = ends ? *list.items.back().end - from : 0;
        const bool shared =
            std::any_of(list.items.begin() + static_cast<std::ptrdiff_t>(both), list.items.end(),
                        [&](const YamlNode& item) { return item.anchor != 0 && item.kind != Kind::kAlias; });
        if (!ends || shared || text.bytes.substr(from, length).find('#') != std::string::npos) {
            refusals.push_back(fmt::format("items of {} would go, and a comment or an anchor with them", way));
            return;
        }
        edits.push_back({from, length, ""});
    }
}

}  // namespace pilotpros
