#include "core/compose/wishes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "core/compose/yaml_place.h"
#include "core/model/advice.h"
#include "core/model/error.h"
#include "core/model/near.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using Way = std::vector<std::string>;

constexpr const char* kExtension = "x-pilotpros";
constexpr const char* kHint = "docs/x-pilotpros.md shows what it takes";

/// The file as the user would name it.
std::string shown_file(const Project& project, const std::string& file) {
    if (file == "-") {
        return "standard input";
    }
    const std::string folder = project.working_directory + "/";
    return file.starts_with(folder) ? file.substr(folder.size()) : file;
}

/// "compose.yaml:14:5", as close as the files lead; the last file that has it is the one whose value counts.
std::string place_of(const Project& project, const Files& files, const Way& way) {
    std::string best;
    // Every file leads to "services"; that alone tells nothing.
    std::size_t depth = way.size() > 1 && way.front() == "services" ? 2 : 1;
    std::vector<std::string> names;
    for (const std::string& file : project.files) {
        names.push_back(shown_file(project, file));
        const auto place = yaml_place(file == "-" ? project.standard_input : files.read(file).value_or(""), way);
        if (place && place->depth >= depth) {
            depth = place->depth;
            best = fmt::format("{}:{}:{}", names.back(), place->line, place->column);
        }
    }
    if (!best.empty()) {
        return best;
    }
    return names.empty() ? "the project" : fmt::format("somewhere in {}", fmt::join(names, ", "));
}

/// A text, number or truth value as the user wrote it; nothing for anything else.
std::optional<std::string> scalar(const Json& value) {
    if (value.is_string()) {
        return value.get<std::string>();
    }
    return value.is_number() || value.is_boolean() ? std::optional{value.dump()} : std::nullopt;
}

/// Whether the first is certainly more than the second: of two numbers, or of two sizes with a unit. What a bare number
/// beside a size means is known to whoever advises the key.
bool is_above(const std::string& text, const std::string& other) {
    const auto number = [](const std::string& one) -> std::optional<double> {
        double value = 0;
        const char* const end = one.data() + one.size();
        const auto [rest, error] = std::from_chars(one.data(), end, value, std::chars_format::fixed);
        return error == std::errc{} && rest == end ? std::optional{value} : std::nullopt;
    };
    const auto left = number(text);
    const auto right = number(other);
    if (left || right) {
        return left && right && *left > *right;
    }
    const auto size = parse_size(text);
    const auto other_size = parse_size(other);
    return size && other_size && *size > *other_size;
}

/// The name of a value that an advisor could change.
bool is_key(const std::string& text) {
    return !text.empty() && text.front() != '.' && text.back() != '.' &&
           std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-'; });
}

bool is_disposable_path(const std::string& path) {
    return path.size() > 1 && path.front() == '/' && path.find_first_not_of('/') != std::string::npos &&
           (path + "/").find("/../") == std::string::npos;
}

/// Reads one `x-pilotpros`.
class Reader {
  public:
    Reader(const Project& project, const Files& files, const std::set<std::string>& advisors, std::string service)
        : project_(project), files_(files), advisors_(advisors), service_(std::move(service)) {}

    /// Puts over `wish` what the extension says.
    void read(const Json& extension, Wish& wish) const {
        if (extension.is_null()) {
            return;
        }
        if (!extension.is_object()) {
            fail({}, "must be a mapping");
        }
        const std::vector<std::string>& known = service_.empty() ? wish_keys_of_project() : wish_keys_of_service();
        for (const auto& [key, value] : extension.items()) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                fail({key},
                     key == "application" ? "application belongs into a service"
                                          : fmt::format("unknown key {}{}", key, did_you_mean(known, key)),
                     fmt::format("allowed are: {}", fmt::join(known, ", ")));
            }
        }
        // In a fixed order: of a pin and a bound in one place, the pin counts.
        environment(member(extension, "environment"), wish);
        application(member(extension, "application"));
        exclude(member(extension, "exclude"), wish);
        bound(member(extension, "bound"), wish);
        pin(member(extension, "pin"), wish);
        disposable(member(extension, "disposable"), wish);
    }

  private:
    /// Null and absent are told apart: `pin:` with nothing behind it is a slip.
    static const Json* member(const Json& extension, const char* key) {
        const auto found = extension.find(key);
        return found == extension.end() ? nullptr : &*found;
    }

    [[noreturn]] void fail(const Way& keys, const std::string& what, const std::string& hint = kHint) const {
        Way way = service_.empty() ? Way{kExtension} : Way{"services", service_, kExtension};
        way.insert(way.end(), keys.begin(), keys.end());
        const std::string where = service_.empty() ? "at the top" : "of service " + service_;
        throw Error(ExitCode::kBadInput,
                    fmt::format("{}: {} {}: {}", place_of(project_, files_, way), kExtension, where, what), hint);
    }

    void environment(const Json* value, Wish& wish) const {
        if (value == nullptr) {
            return;
        }
        const std::string text = value->is_string() ? value->get<std::string>() : "";
        if (text != "development" && text != "production") {
            fail({"environment"},
                 "environment must be development or production" + did_you_mean({"development", "production"}, text));
        }
        wish.development = text == "development";
    }

    void application(const Json* value) const {
        const bool list = value != nullptr && value->is_array() && !value->empty() &&
                          std::all_of(value->begin(), value->end(), [](const Json& one) { return one.is_string(); });
        if (value != nullptr && !value->is_string() && !list) {
            fail({"application"}, "application must be a kind, a list of kinds or none");
        }
    }

    void exclude(const Json* value, Wish& wish) const {
        if (value == nullptr) {
            return;
        }
        wish.excluded.clear();
        if (value->is_boolean()) {
            if (value->get<bool>()) {
                wish.excluded.insert("*");
            }
            return;
        }
        const auto names = texts(*value);
        if (!names) {
            fail({"exclude"}, "exclude must be true, an advisor or a list of advisors");
        }
        for (const std::string& name : *names) {
            if (!advisors_.empty() && !advisors_.contains(name)) {
                fail({"exclude"},
                     "exclude names an advisor that does not exist" +
                         did_you_mean({advisors_.begin(), advisors_.end()}, name),
                     fmt::format("there are: {}", fmt::join(advisors_, ", ")));
            }
            wish.excluded.insert(name);
        }
    }

    void pin(const Json* value, Wish& wish) const {
        for_each_key("pin", value, [&](const std::string& key, const Json& one) {
            const auto text = scalar(one);
            if (!text) {
                fail({"pin", key}, fmt::format("pin of {} must be a text, a number or a truth value", key));
            }
            wish.least.erase(key);
            wish.most.erase(key);
            wish.pinned[key] = *text;
            comes_from_here(key, wish);
        });
    }

    void bound(const Json* value, Wish& wish) const {
        for_each_key("bound", value, [&](const std::string& key, const Json& one) {
            if (!one.is_object() || one.empty()) {
                fail({"bound", key}, fmt::format("bound of {} must have min, max or both", key));
            }
            wish.pinned.erase(key);
            wish.least.erase(key);
            wish.most.erase(key);
            comes_from_here(key, wish);
            for (const auto& [end, limit] : one.items()) {
                if (end != "min" && end != "max") {
                    fail({"bound", key, end},
                         fmt::format("bound of {}: unknown key {}{}", key, end, did_you_mean({"min", "max"}, end)),
                         "allowed are: min, max");
                }
                const auto text = limit.is_boolean() ? std::nullopt : scalar(limit);
                if (!text) {
                    fail({"bound", key, end}, fmt::format("bound of {}: {} must be a text or a number", key, end));
                }
                (end == "min" ? wish.least : wish.most)[key] = *text;
            }
            if (wish.least.contains(key) && wish.most.contains(key) &&
                is_above(wish.least.at(key), wish.most.at(key))) {
                fail({"bound", key}, fmt::format("bound of {}: min is above max", key));
            }
        });
    }

    void disposable(const Json* value, Wish& wish) const {
        if (value == nullptr) {
            return;
        }
        const auto paths = texts(*value);
        if (!paths || !std::all_of(paths->begin(), paths->end(), is_disposable_path)) {
            fail({"disposable"}, "disposable must list absolute paths in the container, not / itself and without ..");
        }
        wish.disposable = {paths->begin(), paths->end()};
    }

    void comes_from_here(const std::string& key, Wish& wish) const {
        if (service_.empty()) {
            wish.of_all.insert(key);
        } else {
            wish.of_all.erase(key);
        }
    }

    template <typename Take>
    void for_each_key(const char* name, const Json* value, Take take) const {
        if (value == nullptr) {
            return;
        }
        if (!value->is_object()) {
            fail({name}, fmt::format("{} must be a mapping of keys, e.g. memory", name));
        }
        for (const auto& [key, one] : value->items()) {
            if (!is_key(key)) {
                fail({name, key}, fmt::format("{}: {} is no name of a value", name, key));
            }
            take(key, one);
        }
    }

    /// A text or a list of texts.
    static std::optional<std::vector<std::string>> texts(const Json& value) {
        if (value.is_string()) {
            return std::vector<std::string>{value.get<std::string>()};
        }
        if (!value.is_array() ||
            !std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); })) {
            return std::nullopt;
        }
        return value.get<std::vector<std::string>>();
    }

    const Project& project_;
    const Files& files_;
    const std::set<std::string>& advisors_;
    std::string service_;
};

}  // namespace

const std::vector<std::string>& wish_keys_of_service() {
    static const std::vector<std::string> kKeys{"environment", "application", "exclude", "pin", "bound", "disposable"};
    return kKeys;
}

const std::vector<std::string>& wish_keys_of_project() {
    static const std::vector<std::string> kKeys{"environment", "exclude", "pin", "bound", "disposable"};
    return kKeys;
}

Wishes read_wishes(const Project& project, const Files& files, const std::set<std::string>& advisors) {
    Wish common;
    Reader(project, files, advisors, "").read(project.extension, common);
    Wishes wishes;
    for (const auto& [name, service] : project.services) {
        Wish wish = common;
        Reader(project, files, advisors, name).read(service.extension, wish);
        wishes.emplace(name, std::move(wish));
    }
    return wishes;
}

}  // namespace pilotpros
