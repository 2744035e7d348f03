#include "core/compose/complaint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "core/compose/vocabulary.h"

namespace pilotpros {

namespace {

constexpr std::string_view kHidden = "…";
constexpr char kPlaceholder =
    '\x01';  // stands for a known path while a line is taken apart; followed by its index and once more itself

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_name(char c) { return is_word(c) || c == '-' || c == '.' || c == '/'; }
bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

std::string lowered(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

bool all_of(std::string_view text, bool (*test)(char)) {
    return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

/// Keys of mappings: a word, a colon, and white space or the line's end.
void collect_keys(const std::string& text, std::set<std::string>& names) {
    for (std::size_t colon = text.find(':'); colon != std::string::npos; colon = text.find(':', colon + 1)) {
        if (colon + 1 < text.size() && std::isspace(static_cast<unsigned char>(text[colon + 1])) == 0) {
            continue;
        }
        std::size_t end = colon;
        if (end > 0 && is_quote(text[end - 1])) {
            --end;
        }
        std::size_t begin = end;
        while (begin > 0 && is_name(text[begin - 1])) {
            --begin;
        }
        if (begin < end &&
            (begin == 0 || text[begin - 1] == '{' || text[begin - 1] == ',' || is_quote(text[begin - 1]) ||
             std::isspace(static_cast<unsigned char>(text[begin - 1])) != 0)) {
            names.insert(text.substr(begin, end - begin));
        }
    }
}

/// Variables as ${NAME…}, and as $NAME where it does not look like the rest of a value whose dollar should have been
/// doubled.
void collect_variables(const std::string& text, std::set<std::string>& names) {
    for (std::size_t dollar = text.find('$'); dollar != std::string::npos; dollar = text.find('$', dollar + 1)) {
        const bool braces = dollar + 1 < text.size() && text[dollar + 1] == '{';
        const std::size_t begin = dollar + (braces ? 2 : 1);
        std::size_t end = begin;
        while (end < text.size() && is_word(text[end])) {
            ++end;
        }
        const std::string name = text.substr(begin, end - begin);
        const bool inside_a_value = dollar > 0 && (is_word(text[dollar - 1]) || text[dollar - 1] == '$');
        const bool shouted =
            std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::islower(c) != 0; });
        if (!name.empty() && (braces || (shouted && !inside_a_value))) {
            names.insert(name);
        }
    }
}

bool in_vocabulary(const std::string& word) {
    const std::string low = lowered(word);
    return std::find(kVocabulary.begin(), kVocabulary.end(), low) != kVocabulary.end();
}

/// What Go's logger wrote between msg=" and the closing quote.
std::string message_of(const std::string& line) {
    const auto begin = line.find("msg=");
    if (begin == std::string::npos) {
        return line;
    }
    std::string message;
    std::size_t at = begin + 4;
    const bool quoted = at < line.size() && line[at] == '"';
    for (at += quoted ? 1 : 0; at < line.size() && !(quoted && line[at] == '"'); ++at) {
        if (line[at] == '\\' && at + 1 < line.size()) {
            ++at;
            message += line[at] == 'n' || line[at] == 't' ? ' ' : line[at];
        } else {
            message += line[at];
        }
    }
    return message;
}

bool is_log(const std::string& line) { return line.starts_with("time=") && line.find("level=") != std::string::npos; }
bool is_complaint(const std::string& line) {
    return line.find("level=error") != std::string::npos || line.find("level=fatal") != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// The variable that a cleaned warning tells of: `The "NAME" variable is not set.` Empty: of none, or of one that may
/// be part of a value.
std::string unset_variable(const std::string& warning) {
    constexpr std::string_view kBefore = "The \"";
    const auto end = warning.find("\" variable is not set");
    if (!warning.starts_with(kBefore) || end == std::string::npos || warning.find(kHidden) != std::string::npos) {
        return {};
    }
    return warning.substr(kBefore.size(), end - kBefore.size());
}

/// Puts the words back together; what is hidden in a row is hidden once.
class Sentence {
  public:
    void add(std::string_view before, const std::string& word, bool shown, std::string_view after) {
        if (!shown && hidden_before_ && before.empty()) {
            text_ += after;
            return;
        }
        if (!text_.empty()) {
            text_ += ' ';
        }
        text_ += before;
        text_ += shown ? std::string_view{word} : kHidden;
        text_ += after;
        hidden_before_ = !shown && after.empty();
    }
    [[nodiscard]] std::string text() const { return text_; }

  private:
    std::string text_;
    bool hidden_before_ = false;
};

/// As many as a line bears.
std::string some_names(const std::set<std::string>& names) {
    constexpr std::size_t kLongest = 300;
    std::string text;
    std::size_t left = names.size();
    for (const std::string& name : names) {
        if (text.size() >= kLongest) {
            return fmt::format("{} and {} more", text, left);
        }
        text += text.empty() ? "" : ", ";
        text += name;
        --left;
    }
    return text;
}

}  // namespace

ComplaintCleaner::ComplaintCleaner(const std::vector<std::string>& texts, std::vector<std::string> paths)
    : paths_(std::move(paths)) {
    for (const std::string& text : texts) {
        collect_keys(text, names_);
        collect_variables(text, names_);
    }
    std::erase_if(paths_, [](const std::string& path) { return path.size() < 2; });
    std::sort(paths_.begin(), paths_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

bool ComplaintCleaner::known_path(const std::string& word) const {
    const auto end = word.rfind(kPlaceholder);
    // Behind a known folder: a path, not a query and no assignment.
    return word.front() == kPlaceholder && end != 0 &&
           std::all_of(word.begin() + static_cast<std::ptrdiff_t>(end) + 1, word.end(), is_name);
}

bool ComplaintCleaner::harmless(const std::string& word) const {
    if (word.empty() || names_.contains(word) || in_vocabulary(word) || known_path(word)) {
        return true;
    }
    // A place in the model, such as services.web.ports.0 or services.web.ports[0].
    if (word.find('.') == std::string::npos) {
        return false;
    }
    for (std::size_t begin = 0; begin <= word.size();) {
        const std::size_t end = std::min(word.find_first_of(".[]", begin), word.size());
        const std::string part = word.substr(begin, end - begin);
        const bool index = part.size() <= 3 && all_of(part, is_digit);
        if (!part.empty() && !index && !names_.contains(part) && !in_vocabulary(part)) {
            return false;
        }
        begin = end + 1;
    }
    return true;
}

std::string ComplaintCleaner::clean(const std::string& line) const {
    std::string text = line;
    std::erase(text, kPlaceholder);
    for (std::size_t index = 0; index < paths_.size(); ++index) {
        const std::string stand_in = kPlaceholder + std::to_string(index) + kPlaceholder;
        for (auto at = text.find(paths_[index]); at != std::string::npos;
             at = text.find(paths_[index], at + stand_in.size())) {
            text.replace(at, paths_[index].size(), stand_in);
        }
    }
    static constexpr std::array<std::string_view, 6> kNamed{"service", "network", "volume",
                                                            "secret",  "config",  "profile"};
    static constexpr std::array<std::string_view, 2> kCounted{"line", "column"};
    Sentence sentence;
    std::string previous;
    std::string before_previous;
    for (std::size_t at = text.find_first_not_of(" \t"); at != std::string::npos && at < text.size();
         at = text.find_first_not_of(" \t", at)) {
        std::string opening;
        std::string closing;
        std::size_t end = 0;
        std::size_t word_end = 0;
        if (is_quote(text[at])) {
            opening = text.substr(at, 1);
            ++at;
            word_end = text.find(opening, at);
            if (word_end == std::string::npos) {
                sentence.add("", "", false, "");  // a quotation without an end: nothing behind it can be told apart
                break;
            }
            end = std::min(text.find_first_of(" \t", word_end), text.size());
        } else {
            end = std::min(text.find_first_of(" \t", at), text.size());
            word_end = end;
            while (word_end > at && std::string_view{",.:;)"}.find(text[word_end - 1]) != std::string_view::npos) {
                --word_end;
            }
            if (word_end > at && text[at] == '(') {
                opening = "(";
                ++at;
            }
        }
        const std::string word = text.substr(at, word_end - at);
        closing = text.substr(word_end, end - word_end);
        if (closing.size() > 3) {
            closing.resize(opening == "(" ? 0 : opening.size());
        }
        const bool undefined_name = (before_previous == "undefined" || before_previous == "unknown") &&
                                    std::find(kNamed.begin(), kNamed.end(), previous) != kNamed.end() &&
                                    all_of(word, is_name);
        const bool position =
            std::find(kCounted.begin(), kCounted.end(), previous) != kCounted.end() && all_of(word, is_digit);
        sentence.add(opening, word, harmless(word) || undefined_name || position, closing);
        before_previous = std::exchange(previous, lowered(word));
        at = end;
    }
    std::string result = sentence.text();
    for (std::size_t index = paths_.size(); index-- > 0;) {
        const std::string stand_in = kPlaceholder + std::to_string(index) + kPlaceholder;
        for (auto at = result.find(stand_in); at != std::string::npos; at = result.find(stand_in)) {
            result.replace(at, stand_in.size(), paths_[index]);
        }
    }
    return result;
}

std::string ComplaintCleaner::error(const std::string& standard_error) const {
    std::string result;
    std::set<std::string> said;
    for (const std::string& line : lines_of(standard_error)) {
        if (is_log(line) && !is_complaint(line)) {
            const std::string name = unset_variable(clean(message_of(line)));
            if (!name.empty()) {
                said.insert(name);
            }
            continue;
        }
        const std::string cleaned = clean(message_of(line));
        if (cleaned.empty() || cleaned == kHidden || result.size() > 600) {
            continue;
        }
        result += (result.empty() ? "" : result.ends_with(':') || result.ends_with('.') ? " " : "; ") + cleaned;
    }
    if (result.empty()) {
        result = "it says nothing that could be shown here";
    }
    const std::string unset = some_names(said);
    if (!unset.empty()) {
        // What is not set is empty where nothing may be, more often than not.
        result += result.ends_with('.') ? " Not set: " : "; not set: ";
        result += unset;
    }
    return result;
}

std::vector<std::string> ComplaintCleaner::warnings(const std::string& standard_error) const {
    std::vector<std::string> result;
    for (const std::string& line : lines_of(standard_error)) {
        if (!is_log(line) || line.find("level=warning") == std::string::npos) {
            continue;
        }
        std::string cleaned = clean(message_of(line));
        if (cleaned.find("variable is not set") != std::string::npos && cleaned.find(kHidden) != std::string::npos) {
            cleaned =
                "a value holds a $ that is not doubled: Compose takes what follows for a variable and puts nothing in "
                "its place";
        }
        if (std::find(result.begin(), result.end(), cleaned) == result.end()) {
            result.push_back(std::move(cleaned));
        }
    }
    return result;
}

}  // namespace pilotpros
