#include "core/inplace/yaml_ranges.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <utility>

namespace pilotpros {

namespace {

constexpr std::size_t kLargestInPlace = std::size_t{4} << 20U;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(char letter) { return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n'; }

/// Past `&anchor` and `!tag`, and what parts them from the value.
std::size_t past_properties(const YamlText& text, std::size_t at) {
    const std::string& bytes = text.bytes;
    while (at < bytes.size() && (bytes[at] == '&' || bytes[at] == '!')) {
        while (at < bytes.size() && !is_blank(bytes[at]) && bytes[at] != ',') {
            ++at;
        }
        at = text.skip_blank(at);
    }
    return at;
}

std::optional<std::size_t> end_of_quoted(const std::string& bytes, std::size_t at) {
    const char quote = bytes[at];
    for (++at; at < bytes.size(); ++at) {
        if (quote == '"' && bytes[at] == '\\') {
            ++at;
        } else if (bytes[at] == quote) {
            if (quote == '"' || at + 1 >= bytes.size() || bytes[at + 1] != quote) {
                return at + 1;
            }
            ++at;
        }
    }
    return std::nullopt;
}

/// The lines of a literal or folded text: all that are empty or further in than what it belongs to. One that keeps the
/// line breaks at its end ("|+") has no end that another line could follow.
std::optional<std::size_t> end_of_block_scalar(const YamlText& text, std::size_t at, std::size_t parent_column) {
    const std::string& bytes = text.bytes;
    std::size_t end = text.line_end(at);
    if (bytes.substr(at, end - at).find('+') != std::string::npos) {
        return std::nullopt;
    }
    for (std::size_t line = bytes.find('\n', end); line != std::string::npos; line = bytes.find('\n', line)) {
        ++line;
        const std::size_t first = std::min(bytes.find_first_not_of(' ', line), bytes.size());
        const bool empty = first == bytes.size() || bytes[first] == '\n' || bytes[first] == '\r';
        if (!empty && first - line <= parent_column) {
            break;
        }
        end = empty ? end : text.line_end(first);
    }
    return end;
}

/// Builds the tree from what the parser tells as it goes on.
class RangeMaker final : public YAML::EventHandler {
  public:
    RangeMaker(YamlText& text, std::size_t offset) : text_(text), offset_(offset) {}

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}
    void OnAnchor(const YAML::Mark& /*mark*/, const std::string& name) override { anchor_name_ = name; }

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode node = begin(YamlNode::Kind::kNull, mark, "", anchor);
        const std::size_t told = node.value;
        if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::kMapping && open_.back().at_value &&
            anchor == 0) {
            // Nothing stands there, and the mark is that of what comes next: it begins and ends after the colon.
            const std::size_t colon = after_colon(open_.back().node.keys.back());
            node.begin = node.value = colon;
            node.end = colon == 0 ? std::nullopt : std::optional{colon};
        }
        for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
            const bool there =
                std::string_view{text_.bytes}.substr(std::min(told, text_.bytes.size())).starts_with(word);
            if (there && text_.skip_blank(node.value) == told && is_boundary(told + word.size())) {
                node.begin = node.value = told;
                node.end = told + word.size();
            }
        }
        close(std::move(node));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode node = begin(YamlNode::Kind::kAlias, mark, "", anchor);
        node.value = node.begin;
        node.text = text_.anchors[anchor];
        if (text_.bytes[node.begin] == '*') {
            node.end = node.begin + 1 + node.text.size();
        }
        text_.used_at.emplace(anchor, node.begin);
        close(std::move(node));
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        YamlNode node = begin(YamlNode::Kind::kScalar, mark, tag, anchor);
        node.text = value;
        const char first = node.value < text_.bytes.size() ? text_.bytes[node.value] : ' ';
        const bool in_flow = !open_.empty() && open_.back().node.flow;
        if (first == '"' || first == '\'') {
            node.end = end_of_quoted(text_.bytes, node.value);
        } else if ((first == '|' || first == '>') && !in_flow) {
            node.end = end_of_block_scalar(text_, node.value, column_of_open());
        } else if (!value.empty() && text_.bytes.compare(node.value, value.size(), value) == 0) {
            node.end = node.value + value.size();  // one over several lines reads otherwise than it is written
        }
        close(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(begin(YamlNode::Kind::kSequence, mark, tag, anchor), style);
    }
    void OnSequenceEnd() override { close_open(']'); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(begin(YamlNode::Kind::kMapping, mark, tag, anchor), style);
    }
    void OnMapEnd() override { close_open('}'); }

    /// A scalar as a key whose bytes are not where the parser says: nothing of this text may be changed.
    [[nodiscard]] bool lost_its_way() const { return lost_; }

  private:
    struct Level {
        YamlNode node;
        bool at_value = false;  ///< its key has been read, the value comes next
    };

    YamlNode begin(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        YamlNode node;
        node.kind = kind;
        node.begin = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)) + offset_, text_.bytes.size());
        node.value = past_properties(text_, node.begin);
        node.tag = tag == "?" || tag == "!" ? "" : tag;
        node.anchor = anchor;
        if (anchor != 0 && kind != YamlNode::Kind::kAlias) {
            text_.anchors[anchor] = anchor_name_;
        }
        return node;
    }

    void open(YamlNode node, YAML::EmitterStyle::value style) {
        node.flow = style == YAML::EmitterStyle::Flow;
        open_.push_back({std::move(node), false});
    }

    void close_open(char bracket) {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        const auto last = node.items.empty() ? std::nullopt : node.items.back().end;
        const bool bracketed = node.flow && node.value < text_.bytes.size() &&
                               (text_.bytes[node.value] == '[' || text_.bytes[node.value] == '{');
        if (!bracketed) {
            node.end = last;
        } else if (node.items.empty() || last) {
            std::size_t at = text_.skip_blank(node.items.empty() ? node.value + 1 : *last);
            if (at < text_.bytes.size() && text_.bytes[at] == ',') {
                at = text_.skip_blank(at + 1);
            }
            if (at < text_.bytes.size() && text_.bytes[at] == bracket) {
                node.end = at + 1;
            }
        }
        close(std::move(node));
    }

    void close(YamlNode node) {
        if (open_.empty()) {
            text_.root = std::move(node);
            return;
        }
        Level& level = open_.back();
        if (level.node.kind != YamlNode::Kind::kMapping) {
            level.node.items.push_back(std::move(node));
        } else if (level.at_value) {
            level.node.items.push_back(std::move(node));
            level.at_value = false;
        } else {
            lost_ = lost_ || (node.kind == YamlNode::Kind::kScalar && !node.end);
            level.node.keys.push_back(std::move(node));
            level.at_value = true;
        }
    }

    /// Past the colon behind a key, or the key itself where there is none, e.g. in {a, b}; 0: not to be told.
    [[nodiscard]] std::size_t after_colon(const YamlNode& key) const {
        if (!key.end) {
            return 0;
        }
        const std::size_t at = text_.skip_blank(*key.end);
        return at < text_.bytes.size() && text_.bytes[at] == ':' ? at + 1 : *key.end;
    }

    [[nodiscard]] bool is_boundary(std::size_t at) const {
        return at >= text_.bytes.size() || is_blank(text_.bytes[at]) || text_.bytes[at] == ',' ||
               text_.bytes[at] == '}' || text_.bytes[at] == ']';
    }

    /// The column of what the next value belongs to.
    [[nodiscard]] std::size_t column_of_open() const {
        if (open_.empty()) {
            return 0;
        }
        const YamlNode& node = open_.back().node;
        const std::size_t at = node.keys.empty() ? node.value : node.keys.front().begin;
        return at - text_.line_begin(at);
    }

    YamlText& text_;
    std::size_t offset_;
    std::vector<Level> open_;
    std::string anchor_name_;
    bool lost_ = false;
};

/// Below the root: what refers to that would hold itself.
void note_anchored(const YamlNode& node, std::map<std::size_t, const YamlNode*>& anchored) {
    for (const YamlNode& item : node.items) {
        if (item.anchor != 0 && item.kind != YamlNode::Kind::kAlias) {
            anchored[item.anchor] = &item;
        }
        note_anchored(item, anchored);
    }
}

}  // namespace

std::optional<std::size_t> YamlNode::find(const std::string& key) const {
    for (std::size_t at = 0; at < keys.size() && kind == Kind::kMapping; ++at) {
        if (keys[at].kind == Kind::kScalar && keys[at].text == key) {
            return at;
        }
    }
    return std::nullopt;
}

int YamlText::line_of(std::size_t at) const {
    return 1 + static_cast<int>(std::count(
                   bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at, bytes.size())), '\n'));
}

std::size_t YamlText::line_begin(std::size_t at) const {
    const std::size_t before = at == 0 ? std::string::npos : bytes.rfind('\n', at - 1);
    return before == std::string::npos ? 0 : before + 1;
}

std::size_t YamlText::line_end(std::size_t at) const {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    return end < bytes.size() && end > at && bytes[end - 1] == '\r' ? end - 1 : end;
}

std::string YamlText::line_break(std::size_t at) const {
    std::size_t end = bytes.find('\n', at);
    end = end == std::string::npos ? bytes.rfind('\n') : end;
    return end != std::string::npos && end > 0 && bytes[end - 1] == '\r' ? "\r\n" : "\n";
}

std::size_t YamlText::skip_blank(std::size_t at) const {
    while (at < bytes.size()) {
        const bool comment = bytes[at] == '#' && (at == 0 || is_blank(bytes[at - 1]));
        if (comment) {
            at = line_end(at);
        } else if (is_blank(bytes[at])) {
            ++at;
        } else {
            break;
        }
    }
    return std::min(at, bytes.size());
}

bool YamlText::ends_line(std::size_t at) const { return skip_blank(at) >= line_end(at); }

YamlText yaml_ranges(const std::string& bytes) {
    YamlText text{bytes, {}, {}, {}, {}, {}};
    if (bytes.size() > kLargestInPlace) {
        text.why_not = "it is larger than 4 MiB";
        return text;
    }
    if (bytes.find('\0') != std::string::npos || bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) {
        text.why_not = "it is not UTF-8";
        return text;
    }
    RangeMaker maker(text, bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    try {
        std::istringstream stream(bytes);
        YAML::Parser parser(stream);
        parser.HandleNextDocument(maker);
        if (parser.HandleNextDocument(maker)) {
            text.why_not = "it holds several documents";
        }
    } catch (const YAML::Exception& error) {
        text.why_not = fmt::format("line {} cannot be read with certainty", error.mark.line + 1);
    }
    note_anchored(text.root, text.anchored);
    if (text.why_not.empty() && maker.lost_its_way()) {
        text.why_not = "where its keys stand cannot be told with certainty";
    }
    return text;
}

}  // namespace pilotpros
