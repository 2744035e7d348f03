#include "core/compose/yaml_fault.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "core/model/utf8.h"

namespace pilotpros {

namespace {

constexpr std::size_t kLargestParsed = std::size_t{4} << 20U;

/// Takes in whatever the parser finds, and keeps where the last scalar began.
class Listener final : public YAML::EventHandler {
  public:
    [[nodiscard]] std::optional<std::size_t> last_scalar() const { return last_scalar_; }

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
    void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& /*value*/) override {
        last_scalar_ = static_cast<std::size_t>(mark.pos);
    }
    void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {}
    void OnMapEnd() override {}

  private:
    std::optional<std::size_t> last_scalar_;
};

/// yaml-cpp lets a file end within quotes, which Compose does not.
bool is_open_quote(std::string_view text, std::size_t begin) {
    if (begin >= text.size() || (text[begin] != '"' && text[begin] != '\'')) {
        return false;
    }
    const char quote = text[begin];
    for (std::size_t at = begin + 1; at < text.size(); ++at) {
        const bool doubled = quote == '\'' && text[at] == quote && at + 1 < text.size() && text[at + 1] == quote;
        if (doubled || (quote == '"' && text[at] == '\\')) {
            ++at;
        } else if (text[at] == quote) {
            return false;
        }
    }
    return true;
}

/// What YAML calls printable; the mark of the byte order may begin a file.
bool may_stand_in_yaml(char32_t value, std::size_t at) {
    const bool line_or_blank = value == '\t' || value == '\n' || value == '\r' || value == 0x85;
    const bool control = value < 0x20 || (value >= 0x7F && value < 0xA0);
    return line_or_blank || (!control && (value != 0xFEFF || at == 0) && value != 0xFFFE && value != 0xFFFF);
}

/// The place of a byte; columns are characters.
YamlPlace place_of_byte(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, at);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto end_of_line = before.rfind('\n');
    const std::string_view line = end_of_line == std::string_view::npos ? before : before.substr(end_of_line + 1);
    const auto characters = std::count_if(line.begin(), line.end(),
                                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    return {static_cast<int>(lines) + 1, static_cast<int>(characters) + 1, 0};
}

std::optional<std::size_t> unreadable_byte(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = read_code_point(text, at);
        if (point.length == 0 || !may_stand_in_yaml(point.value, at)) {
            return at;
        }
        at += point.length;
    }
    return std::nullopt;
}

}  // namespace

std::optional<YamlPlace> yaml_fault(const std::string& yaml) {
    if (yaml.size() > kLargestParsed || yaml.starts_with("\xFF\xFE") || yaml.starts_with("\xFE\xFF")) {
        return std::nullopt;  // the latter two are UTF-16, which YAML may be
    }
    if (const auto at = unreadable_byte(yaml)) {
        return place_of_byte(yaml, *at);
    }
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    const std::size_t skipped =
        yaml.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;  // yaml-cpp's mark is behind it
    Listener listener;
    try {
        std::istringstream text(yaml);
        YAML::Parser parser(text);
        while (parser.HandleNextDocument(listener)) {
        }
    } catch (const YAML::Exception& fault) {
        if (!fault.mark.is_null() && fault.mark.pos >= 0) {
            return place_of_byte(yaml, std::min(static_cast<std::size_t>(fault.mark.pos) + skipped, yaml.size()));
        }
    }
    if (listener.last_scalar() && is_open_quote(yaml, *listener.last_scalar() + skipped)) {
        return place_of_byte(yaml, *listener.last_scalar() + skipped);
    }
    return std::nullopt;
}

std::string with_yaml_place(const std::string& complaint, const YamlPlace& place) {
    constexpr std::string_view kYaml = "yaml: ";
    constexpr std::string_view kLine = "line ";
    const auto yaml = complaint.find(kYaml);
    if (yaml == std::string::npos) {
        return complaint;
    }
    std::size_t reason = yaml + kYaml.size();
    if (complaint.compare(reason, kLine.size(), kLine) == 0) {
        const auto colon = complaint.find(": ", reason);
        reason = colon == std::string::npos ? reason : colon + 2;
    }
    return fmt::format("{}{}line {}, column {}: {}", complaint.substr(0, yaml), kYaml, place.line, place.column,
                       complaint.substr(reason));
}

}  // namespace pilotpros
