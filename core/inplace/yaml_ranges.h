#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pilotpros {

/// One node of a YAML text, and which bytes of the text it takes.
struct YamlNode {
    enum class Kind { kNull, kScalar, kAlias, kSequence, kMapping };
    Kind kind = Kind::kNull;
    std::size_t begin = 0;           ///< its first byte, `&anchor` and `!tag` included
    std::size_t value = 0;           ///< its first byte without them
    std::optional<std::size_t> end;  ///< one past its last byte; nothing where that cannot be told for sure
    bool flow = false;               ///< [a, b] or {a: b}
    std::string text;                ///< of a scalar: its value; of an alias: the name it refers to
    std::string tag;                 ///< as written, e.g. "!reset"; empty: none
    std::size_t anchor = 0;          ///< its own anchor, or the one that an alias refers to; 0: none
    std::vector<YamlNode> keys;      ///< of a mapping, in order
    std::vector<YamlNode> items;     ///< of a sequence; of a mapping the value of each key

    /// The place of a key of a mapping; nothing where it has none of this name.
    [[nodiscard]] std::optional<std::size_t> find(const std::string& key) const;
};

/// A YAML text that is to be changed in place. It may be moved, and not be copied: it points into its own tree.
struct YamlText {
    const std::string& bytes;  ///< the caller's; has to live as long
    YamlNode root;
    std::map<std::size_t, std::string> anchors;       ///< their names
    std::map<std::size_t, std::size_t> used_at;       ///< by anchor: where an alias first refers to it
    std::map<std::size_t, const YamlNode*> anchored;  ///< by anchor: the node of this tree that carries it
    std::string why_not;                              ///< why nothing of it may be changed; empty: it may

    [[nodiscard]] int line_of(std::size_t at) const;  ///< counts from 1
    /// Where the line that holds this byte begins, and where it ends, without its line break.
    [[nodiscard]] std::size_t line_begin(std::size_t at) const;
    [[nodiscard]] std::size_t line_end(std::size_t at) const;
    /// How lines end there: "\n" or "\r\n".
    [[nodiscard]] std::string line_break(std::size_t at) const;
    /// The first byte at or after this one that is neither blank, line break nor of a comment.
    [[nodiscard]] std::size_t skip_blank(std::size_t at) const;
    /// Whether only blanks or a comment follow until the line ends.
    [[nodiscard]] bool ends_line(std::size_t at) const;
};

/// Where each node of the first document stands. Aliases are not followed, so that a hostile file costs no more than
/// reading it. Pure.
YamlText yaml_ranges(const std::string& bytes);

}  // namespace pilotpros
