#include "core/lint/as_written.h"

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <utility>

#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// Reading happens to help; a file larger than anybody writes by hand goes without.
constexpr std::size_t kLargestText = std::size_t{4} << 20U;
/// Aliases of aliases double with each line: past this many nodes nobody means it.
constexpr int kMostNodes = 200'000;
constexpr int kDeepest = 100;

struct TooLarge {};

/// Copies yaml-cpp's graph, which may hold itself, into a tree.
class TreeMaker {
  public:
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
    static Json scalar(const YAML::Node& node) { return node.Scalar(); }

    Json mapping(const YAML::Node& node, int depth) {
        Json own = Json::object();
        Json merged = Json::object();
        for (const auto& pair : node) {
            if (!pair.first.IsScalar()) {
                continue;
            }
            const std::string key = pair.first.Scalar();
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

    int nodes_ = 0;
};

/// The parts between the colons, not those within ${…}.
std::vector<std::string> colon_parts(const std::string& text) {
    std::vector<std::string> parts(1);
    int braces = 0;
    for (const char letter : text) {
        braces += letter == '{' ? 1 : letter == '}' && braces > 0 ? -1 : 0;
        if (letter == ':' && braces == 0) {
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
    const bool path = !source.empty() && (source.front() == '.' || source.front() == '/' || source.front() == '~');
    return path ? WrittenMount::Kind::kBind : WrittenMount::Kind::kVolume;
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
        std::vector<Json> documents;
        for (const YAML::Node& node : YAML::LoadAll(yaml)) {
            documents.push_back(TreeMaker{}.tree(node));
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
        while (mount.target.size() > 1 && mount.target.back() == '/') {
            mount.target.pop_back();
        }
        mount.computed = has_variable(mount.source) || has_variable(mount.target);
        if (!mount.target.empty()) {
            mounts.push_back(std::move(mount));
        }
    }
    return mounts;
}

const Json& written_service(const Json& model, const std::string& name) {
    return member(member(model, "services"), name.c_str());
}

std::string file_name(const std::string& path) {
    return path == "-" ? "standard input" : path.substr(path.rfind('/') + 1);
}

}  // namespace pilotpros::linting
