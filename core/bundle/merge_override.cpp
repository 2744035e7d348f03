#include "core/bundle/merge_override.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/lines.h"

namespace pilotpros {

namespace {

constexpr std::size_t kServiceIndent = 2;

/// What stands at one key: the comments above it, its line, what follows that is no key (a list), and the keys below.
struct Block {
    std::vector<std::string> comments;
    std::string line;
    std::vector<std::string> items;
    std::map<std::string, Block> below;
};

std::size_t indent_of(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }

/// "key" of "  key: value" or of "  \"key\": value", as the writer sorts it.
std::string key_of(const std::string& line) {
    const std::size_t begin = indent_of(line);
    std::size_t end = begin;
    if (line[begin] == '"') {
        for (++end; end < line.size() && line[end] != '"'; ++end) {
            end += line[end] == '\\' ? 1 : 0;
        }
        const auto key = nlohmann::json::parse(line.substr(begin, end + 1 - begin), nullptr, false);
        return key.is_string() ? key.get<std::string>() : line.substr(begin);
    }
    return line.substr(begin, line.find(':', end) - begin);
}

class Reader {
  public:
    explicit Reader(std::vector<std::string> lines) : lines_(std::move(lines)) { straighten(); }

    /// The lines before "services:", that one included.
    std::string head() {
        std::string head;
        while (at_ < lines_.size() && indent_of(lines_[at_]) == 0) {
            head += lines_[at_++];
        }
        return head;
    }

    std::map<std::string, Block> blocks(std::size_t indent) {
        std::map<std::string, Block> blocks;
        std::vector<std::string> comments;
        while (at_ < lines_.size() && indent_of(lines_[at_]) >= indent) {
            if (lines_[at_][indent_of(lines_[at_])] == '#') {
                comments.push_back(lines_[at_++]);
                continue;
            }
            Block& block = blocks[key_of(lines_[at_])];
            block.comments = std::move(comments);
            comments.clear();
            block.line = lines_[at_++];
            while (at_ < lines_.size() &&
                   std::string_view{lines_[at_]}.substr(indent_of(lines_[at_])).starts_with("- ")) {
                block.items.push_back(lines_[at_++]);
            }
            if (block.items.empty()) {
                block.below = this->blocks(indent + 2);
            }
        }
        return blocks;
    }

  private:
    /// A hand may have been at it: blank lines go, and a comment stands where what follows it does.
    void straighten() {
        std::erase_if(lines_,
                      [](const std::string& line) { return line.find_first_not_of(" \t\r\n") == std::string::npos; });
        const auto services = std::find_if(lines_.begin(), lines_.end(),
                                           [](const std::string& line) { return line.starts_with("services:"); });
        std::size_t indent = 2;
        for (auto line = lines_.end(); line != lines_.begin() && --line > services;) {
            if ((*line)[indent_of(*line)] == '#') {
                *line = std::string(indent, ' ') + line->substr(indent_of(*line));
            } else {
                indent = indent_of(*line);
            }
        }
    }

    std::vector<std::string> lines_;
    std::size_t at_ = 0;
};

void write_lines(const std::map<std::string, Block>& blocks, std::string& into) {
    for (const auto& [key, block] : blocks) {
        for (const std::string& comment : block.comments) {
            into += comment;
        }
        into += block.line;
        for (const std::string& item : block.items) {
            into += item;
        }
        write_lines(block.below, into);
    }
}

void add_missing(std::vector<std::string>& lines, const std::vector<std::string>& more) {
    for (const std::string& line : more) {
        if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
            lines.push_back(line);
        }
    }
}

bool merge_adds_up(const std::string& key) { return key == "volumes" || key == "tmpfs"; }

void put(const std::map<std::string, Block>& fresh, std::map<std::string, Block>& standing) {
    for (const auto& [key, block] : fresh) {
        Block& there = standing[key];
        if (!there.below.empty() && !block.below.empty()) {
            put(block.below, there.below);
        } else if (merge_adds_up(key) && !there.items.empty()) {
            add_missing(there.comments, block.comments);
            add_missing(there.items, block.items);
        } else {
            there = block;
        }
    }
}

}  // namespace

std::string merge_override(const std::string& standing, const std::string& fresh, Replace replace) {
    Reader new_lines{lines_with_ends(fresh)};
    std::string text = new_lines.head();
    std::map<std::string, Block> newer = new_lines.blocks(kServiceIndent);
    if (newer.empty()) {
        return fresh;
    }
    Reader old_lines{lines_with_ends(standing)};
    old_lines.head();
    std::map<std::string, Block> all = old_lines.blocks(kServiceIndent);
    if (replace == Replace::kValues) {
        put(newer, all);
    } else {
        for (auto& [service, block] : newer) {
            all[service] = std::move(block);
        }
    }
    write_lines(all, text);
    return text;
}

std::string take_back_services(const std::string& standing, const std::string& before,
                               const std::set<std::string>& services) {
    Reader standing_lines{lines_with_ends(standing)};
    std::string text = standing_lines.head();
    std::map<std::string, Block> all = standing_lines.blocks(kServiceIndent);
    Reader earlier_lines{lines_with_ends(before)};
    earlier_lines.head();
    std::map<std::string, Block> earlier = earlier_lines.blocks(kServiceIndent);
    for (const std::string& service : services) {
        all.erase(service);
        if (const auto found = earlier.find(service); found != earlier.end()) {
            all[service] = std::move(found->second);
        }
    }
    if (all.empty()) {
        return {};
    }
    write_lines(all, text);
    return text;
}

}  // namespace pilotpros
