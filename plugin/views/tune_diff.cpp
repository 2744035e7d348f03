#include "plugin/views/tune_diff.h"

#include <optional>
#include <utility>

#include "plugin/views/unified_diff.h"

namespace pilotpros {

std::string bundle_as_diff(const Bundle& bundle, const std::map<std::string, std::string>& present) {
    std::map<std::string, std::pair<std::optional<std::string>, std::optional<std::string>>> files;
    for (const auto& [path, content] : present) {
        files[path].first = content;
    }
    for (const BundleFile& file : bundle.files) {
        files[file.path].second = file.content;
    }
    std::string text;
    for (const auto& [path, contents] : files) {
        text += unified_diff(".pilotpros/" + path, contents.first, contents.second);
    }
    return text;
}

}  // namespace pilotpros
