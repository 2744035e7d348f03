#include "core/lint/as_written.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <map>
#include <utility>

#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// Reading happens to help; a file larger than anybody writes by hand goes without.
constexpr std::size_t kLargestText = std::size_t{4} << 20U;
/// Aliases of aliases double with each line: past this many nodes nobody means it.
constexpr int kMostNodes = 200'000;
/// Without aliases a text within kLargestText copies no more than itself.
constexpr std::size_t kMostText = std::size_t{16} << 20U;
constexpr int kDeepest = 100;
constexpr int kDeepestDefault = 10;

struct TooLarge {};

/// A folded text that begins here in a file, with the breaks that folding took from before each # at a line's begin.
std::string with_broken_comments(std::string folded, const std::string& yaml, std::size_t at) {
    std::size_t depth = 0;
    std::size_t from = 0;
    for (at = yaml.find('\n', at); at != std::string::npos;) {
        const std::size_t end = std::min(yaml.find('\n', at + 1), yaml.size());
        const std::size_t begin = yaml.find_first_not_of(" \t\r", at + 1);
        const std::size_t blanks = begin == std::string::npos || begin >= end ? 0 : begin - at - 1;
        if (begin < end) {
            depth = depth == 0 ? blanks : depth;
            if (blanks < depth || blanks == 0) {
                break;
            }
            const std::size_t last = yaml.find_last_not_of(" \t\r\n", end - 1);
            const std::string line = yaml.substr(begin, last + 1 - begin);
            const std::size_t found = line.front() == '#' ? folded.find(line, from) : from;
            if (found == std::string::npos) {
                break;
            }
            if (line.front() == '#') {
                from = found + line.size();
                if (found > 0 && folded[found - 1] == ' ') {
                    folded[found - 1] = '\n';
                }
            }
        }
        at = end < yaml.size() ? end : std::string::npos;
    }
    return folded;
}

/// Copies yaml-cpp's graph, which may hold itself, into trees, of all documents of a text together.
class TreeMaker {
  public:
    explicit TreeMaker(const std::string& yaml) : yaml_(yaml) {}

    Json tree(const YAML::Node& node, int depth = 0) {
        if (++nodes_ > kMostNodes || depth > kDeepest) {
            throw TooLarge{};
        }
        if (!node.IsDefined() || node.Tag() == "!reset") {
            return nullptr;
        }
        switch (node.Type()) {
            case YAML::NodeType::Scalar:
                return scalar(node);
            case YAML::NodeType::Sequence: {
                Json list = Json::array();
                for (const YAML::Node& one : node) {
                    list.push_back(tree(one, depth + 1));
                }
                return list;
            }
            case YAML::NodeType::Map:
                return mapping(node, depth);
            default:
                return nullptr;
        }
    }

  private:
    const std::string& counted(const std::string& text) {
        text_ += text.size();
        if (text_ > kMostText) {
            throw TooLarge{};
        }
        return text;
    }

    Json scalar(const YAML::Node& node) {
        const std::string& value = counted(node.Scalar());
        auto at = static_cast<std::size_t>(std::max(node.Mark().pos, 0));
        while (at < yaml_.size() && (yaml_[at] == '&' || yaml_[at] == '!')) {  // an anchor, a tag
            at = yaml_.find_first_not_of(" \t", std::min(yaml_.find_first_of(" \t", at), yaml_.size()));
        }
        const bool folded = at < yaml_.size() && yaml_[at] == '>' && value.find('#') != std::string::npos;
        if (!folded) {
            return value;
        }
        const auto [known, added] = folded_.try_emplace(at);
        if (added) {
            known->second = with_broken_comments(value, yaml_, at);
        }
        return known->second;
    }

    Json mapping(const YAML::Node& node, int depth) {
        Json own = Json::object();
        Json merged = Json::object();
        for (const auto& pair : node) {
            if (!pair.first.IsScalar()) {
                continue;
            }
            const std::string key = counted(pair.first.Scalar());
            Json value = tree(pair.second, depth + 1);
            if (key != "<<") {
                own[key] = std::move(value);
                continue;
            }
            // Of several merged mappings the first that has a key gives it.
            for (const Json& one : value.is_array() ? value : Json::array({value})) {
                if (one.is_object()) {
                    for (const auto& [name, inherited] : one.items()) {
                        merged.emplace(name, inherited);
                    }
                }
            }
        }
        merged.update(own);
        return merged;
    }

    const std::string& yaml_;
    std::map<std::size_t, std::string> folded_;  ///< by where they begin: each is looked at once, however many aliases
    int nodes_ = 0;
    std::size_t text_ = 0;
};

/// Whether a drive ends with the colon there: "C:\data", "c:/data".
bool is_drive(const std::string& before, const std::string& text, std::size_t colon) {
    return before.size() == 1 && std::isalpha(static_cast<unsigned char>(before.front())) != 0 &&
           colon + 1 < text.size() && text[colon] == ':' && (text[colon + 1] == '/' || text[colon + 1] == '\\');
}

/// The parts between the colons, not those within ${…}, nor behind the letter of a drive.
std::vector<std::string> colon_parts(const std::string& text) {
    std::vector<std::string> parts(1);
    int braces = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        braces += letter == '{' ? 1 : letter == '}' && braces > 0 ? -1 : 0;
        if (letter == ':' && braces == 0 && !is_drive(parts.back(), text, at)) {
            parts.emplace_back();
        } else {
            parts.back() += letter;
        }
    }
    return parts;
}

std::vector<std::string> comma_parts(const std::string& text) {
    std::vector<std::string> parts(1);
    for (const char letter : text) {
        if (letter == ',') {
            parts.emplace_back();
        } else {
            parts.back() += letter;
        }
    }
    return parts;
}

WrittenMount::Kind kind_of_source(const std::string& source) {
    if (has_variable(source)) {
        return WrittenMount::Kind::kUnknown;
    }
    const bool path = !source.empty() && (source.front() == '.' || source.front() == '/' || source.front() == '~' ||
                                          source.starts_with("\\\\") || is_drive(source.substr(0, 1), source, 1));
    return path ? WrittenMount::Kind::kBind : WrittenMount::Kind::kVolume;
}

std::string plain_target(const std::string& target) {
    std::string plain = has_variable(target) ? target : std::filesystem::path{target}.lexically_normal().string();
    while (plain.size() > 1 && plain.back() == '/') {
        plain.pop_back();
    }
    return plain;
}

WrittenMount short_mount(const std::string& text) {
    WrittenMount mount;
    const std::vector<std::string> parts = colon_parts(text);
    mount.source = parts.size() > 1 ? parts[0] : "";
    mount.target = parts.size() > 1 ? parts[1] : parts[0];
    if (parts.size() > 2) {
        mount.options = comma_parts(parts[2]);
    }
    mount.kind = kind_of_source(mount.source);
    return mount;
}

/// Where the ${ that begins there ends; npos: nowhere.
std::size_t closing_brace(const std::string& text, std::size_t begin) {
    int braces = 0;
    for (std::size_t at = begin; at < text.size(); ++at) {
        braces += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
        if (text[at] == '}' && braces == 0) {
            return at;
        }
    }
    return std::string::npos;
}

std::string defaults_in(const std::string& text, int depth = 0) {
    if (depth > kDeepestDefault) {
        return text;
    }
    std::string taken;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool doubled = text.compare(at, 2, "$$") == 0;
        const std::size_t end = text.compare(at, 2, "${") == 0 ? closing_brace(text, at) : std::string::npos;
        if (end == std::string::npos && text.compare(at, 2, "${") == 0) {
            return text;  // Compose takes none of it
        }
        if (end == std::string::npos) {
            taken.append(text, at, doubled ? 2 : 1);
            at += doubled ? 1 : 0;
            continue;
        }
        std::size_t behind = at + 2;
        while (behind < end && (std::isalnum(static_cast<unsigned char>(text[behind])) != 0 || text[behind] == '_')) {
            ++behind;
        }
        const std::size_t dash = behind + (text[behind] == ':' ? 1 : 0);
        taken += text[dash] == '-' ? defaults_in(text.substr(dash + 1, end - dash - 1), depth + 1)
                                   : text.substr(at, end + 1 - at);
        at = end;
    }
    return taken;
}

WrittenMount long_mount(const Json& entry) {
    WrittenMount mount;
    mount.source = text(entry, "source");
    mount.target = text(entry, "target");
    const std::string type = text(entry, "type");
    mount.kind = type == "bind"     ? WrittenMount::Kind::kBind
                 : type == "volume" ? WrittenMount::Kind::kVolume
                 : type == "tmpfs"  ? WrittenMount::Kind::kTmpfs
                                    : WrittenMount::Kind::kUnknown;
    if (const std::string consistency = text(entry, "consistency"); !consistency.empty()) {
        mount.options.push_back(consistency);
    }
    return mount;
}

}  // namespace

std::vector<Json> read_yaml(const std::string& yaml) {
    std::vector<Json> none{Json()};
    if (yaml.size() > kLargestText) {
        return none;
    }
    try {
        TreeMaker maker{yaml};
        std::vector<Json> documents;
        for (const YAML::Node& node : YAML::LoadAll(yaml)) {
            documents.push_back(maker.tree(node));
        }
        return documents.empty() ? none : documents;
    } catch (const YAML::Exception&) {
        return none;
    } catch (const TooLarge&) {
        return none;
    }
}

std::vector<std::string> included_by(const Json& model) {
    std::vector<std::string> files;
    for (const Json& entry : member(model, "include")) {
        const Json& path = entry.is_object() ? member(entry, "path") : entry;
        for (const Json& one : path.is_array() ? path : Json::array({path})) {
            if (one.is_string() && !has_variable(one.get<std::string>())) {
                files.push_back(one.get<std::string>());
            }
        }
    }
    return files;
}

std::optional<Extended> extended_by(const Json& service) {
    const Json& extends = member(service, "extends");
    Extended extended{extends.is_string() ? extends.get<std::string>() : text(extends, "service"),
                      text(extends, "file")};
    if (extended.service.empty() || has_variable(extended.service + extended.file)) {
        return std::nullopt;
    }
    return extended;
}

std::vector<WrittenMount> mounts_of(const Json& service) {
    std::vector<WrittenMount> mounts;
    const Json& entries = member(service, "volumes");
    if (!entries.is_array()) {
        return mounts;
    }
    for (const Json& entry : entries) {
        if (!entry.is_string() && !entry.is_object()) {
            continue;
        }
        WrittenMount mount = entry.is_string() ? short_mount(entry.get<std::string>()) : long_mount(entry);
        mount.target = plain_target(mount.target);
        mount.computed = has_variable(mount.source) || has_variable(mount.target);
        if (!mount.target.empty()) {
            mounts.push_back(std::move(mount));
        }
    }
    return mounts;
}

bool is_windows_path(const std::string& target) { return is_drive(target.substr(0, 1), target, 1); }

std::vector<std::string> tmpfs_targets(const Json& service) {
    std::vector<std::string> targets;
    const Json& written = member(service, "tmpfs");
    for (const Json& one : written.is_array() ? written : Json::array({written})) {
        if (one.is_string() && !one.get_ref<const std::string&>().empty()) {
            targets.push_back(plain_target(colon_parts(one.get<std::string>()).front()));
        }
    }
    return targets;
}

Json with_defaults(Json value) {
    if (value.is_structured()) {
        for (Json& one : value) {
            one = with_defaults(std::move(one));
        }
    }
    return value.is_string() ? Json(defaults_in(value.get<std::string>())) : value;
}

const Json& written_service(const Json& model, const std::string& name) {
    return member(member(model, "services"), name.c_str());
}

std::string file_name(const std::string& path) {
    return path == "-" ? "standard input" : path.substr(path.rfind('/') + 1);
}

}  // namespace pilotpros::linting
