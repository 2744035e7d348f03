#include "core/apps/nginx/config.h"

#include <fnmatch.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace pilotpros::apps::nginx {

namespace {

constexpr int kDeepest = 32;  // nginx itself nests a handful; this only bounds hostile text
constexpr const char* kFileMark = "# configuration file ";

struct Token {
    std::string text;
    char end = ' ';  ///< ' ' for a word, else ';', '{' or '}' on its own
};

/// Reads words and the three signs that end them.
class Tokens {
  public:
    explicit Tokens(const std::string& text) : text_(text) {}

    std::optional<Token> next() {
        skip();
        if (at_ >= text_.size()) {
            return std::nullopt;
        }
        const char first = text_[at_];
        if (first == ';' || first == '{' || first == '}') {
            ++at_;
            return Token{{}, first};
        }
        return Token{first == '"' || first == '\'' ? quoted(first) : plain(), ' '};
    }

  private:
    static bool is_blank(char letter) { return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n'; }

    void skip() {
        while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '#')) {
            at_ = text_[at_] == '#' ? std::min(text_.find('\n', at_), text_.size()) : at_ + 1;
        }
    }

    std::string quoted(char quote) {
        std::string word;
        for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                ++at_;
                if (text_[at_] != quote && text_[at_] != '\\') {
                    word.push_back('\\');
                }
            }
            word.push_back(text_[at_]);
        }
        ++at_;
        return word;
    }

    std::string plain() {
        std::string word;
        for (; at_ < text_.size(); ++at_) {
            const char letter = text_[at_];
            // "${name}" is a variable, not the beginning of a block.
            const bool variable = letter == '{' && !word.empty() && word.back() == '$';
            if (is_blank(letter) || letter == ';' || (letter == '{' && !variable)) {
                break;
            }
            word.push_back(letter);
            if (letter == '\\' && at_ + 1 < text_.size()) {
                word.push_back(text_[++at_]);
            }
        }
        return word;
    }

    const std::string& text_;
    std::size_t at_ = 0;
};

/// lua's blocks are no directives: their text is passed over, braces counted.
bool is_foreign(const std::string& name) {
    const std::string end = "_by_lua_block";
    return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

void skip_block(Tokens& tokens) {
    for (int depth = 1; depth > 0;) {
        const auto token = tokens.next();
        if (!token) {
            return;
        }
        depth += token->end == '{' ? 1 : token->end == '}' ? -1 : 0;
    }
}

std::vector<Directive> read_block(Tokens& tokens, bool inside, int depth, bool& complete) {
    std::vector<Directive> block;
    Directive current;
    bool any = false;
    while (const auto token = tokens.next()) {
        if (token->end == ' ') {
            if (any) {
                current.arguments.push_back(token->text);
            } else {
                current.name = token->text;
                any = true;
            }
            continue;
        }
        if (token->end == '}') {
            complete = complete && inside && !any;
            if (inside) {
                return block;
            }
            continue;
        }
        if (token->end == '{') {
            current.has_block = true;
            if (is_foreign(current.name) || depth >= kDeepest) {
                skip_block(tokens);
            } else {
                current.block = read_block(tokens, true, depth + 1, complete);
            }
        }
        if (any) {
            block.push_back(std::exchange(current, {}));
        }
        current = {};
        any = false;
    }
    complete = complete && !inside && !any;
    return block;
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string{} : path.substr(0, slash + 1);
}

/// Puts the included files in the place of their `include`.
class Expander {
  public:
    Expander(const std::map<std::string, std::vector<Directive>>& files, std::string folder)
        : files_(files), folder_(std::move(folder)) {}

    std::vector<Directive> expand(const std::vector<Directive>& directives, int depth, bool& complete) {
        std::vector<Directive> result;
        for (const Directive& directive : directives) {
            if (++count_ > kMost) {
                complete = false;
                return result;
            }
            if (directive.name == "include" && directive.arguments.size() == 1 && depth < kDeepest) {
                include(directive.arguments.front(), depth, complete, result);
                continue;
            }
            Directive copy = directive;
            copy.block = expand(directive.block, depth + 1, complete);
            result.push_back(std::move(copy));
        }
        return result;
    }

  private:
    static constexpr int kMost = 100'000;  // a file that includes itself under two names grows without end

    void include(const std::string& argument, int depth, bool& complete, std::vector<Directive>& result) {
        const std::string pattern = !argument.empty() && argument.front() == '/' ? argument : folder_ + argument;
        const bool glob = pattern.find_first_of("*?[") != std::string::npos;
        bool found = false;
        for (const auto& [path, directives] : files_) {
            if (glob ? fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0 : pattern == path) {
                found = true;
                auto expanded = expand(directives, depth + 1, complete);
                std::move(expanded.begin(), expanded.end(), std::back_inserter(result));
            }
        }
        complete = complete && (found || glob);
    }

    const std::map<std::string, std::vector<Directive>>& files_;
    std::string folder_;
    int count_ = 0;
};

}  // namespace

std::vector<Directive> read_directives(const std::string& text, bool& complete) {
    Tokens tokens{text};
    return read_block(tokens, false, 0, complete);
}

Configuration read_configuration(const std::string& output) {
    Configuration result;
    std::map<std::string, std::vector<Directive>> files;
    std::string next_mark{"\n"};
    next_mark += kFileMark;
    std::size_t at = output.rfind(kFileMark, 0) == 0 ? 0 : output.find(next_mark);
    while (at != std::string::npos && at < output.size()) {
        at += output[at] == '\n' ? 1 : 0;
        const auto line_end = std::min(output.find('\n', at), output.size());
        std::string path = output.substr(at + std::char_traits<char>::length(kFileMark),
                                         line_end - at - std::char_traits<char>::length(kFileMark));
        path.erase(path.find_last_not_of(":\r ") + 1);
        const auto next = output.find(std::string{"\n"} + kFileMark, line_end);
        const std::string text = output.substr(line_end, next == std::string::npos ? next : next - line_end);
        files[path] = read_directives(text, result.complete);
        result.files.push_back(path);
        at = next;
    }
    if (result.files.empty()) {
        result.complete = false;
        return result;
    }
    Expander expander{files, folder_of(result.files.front())};
    result.directives = expander.expand(files[result.files.front()], 0, result.complete);
    return result;
}

}  // namespace pilotpros::apps::nginx
