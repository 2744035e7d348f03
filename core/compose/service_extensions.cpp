#include "core/compose/service_extensions.h"

#include <yaml-cpp/yaml.h>

#include <cstdint>

namespace pilotpros {

namespace {

/// As Compose writes it: what is text although it looks like a number or a truth stands in quotes.
nlohmann::json value_of_scalar(const YAML::Node& node) {
    if (node.Tag() != "!") {
        std::int64_t whole = 0;
        double real = 0;
        bool truth = false;
        if (YAML::convert<std::int64_t>::decode(node, whole)) {
            return whole;
        }
        if (YAML::convert<double>::decode(node, real)) {
            return real;
        }
        if (YAML::convert<bool>::decode(node, truth)) {
            return truth;
        }
    }
    return node.Scalar();
}

nlohmann::json value_of(const YAML::Node& node) {
    nlohmann::json value;
    if (node.IsMap()) {
        value = nlohmann::json::object();
        for (const auto& entry : node) {
            value[entry.first.Scalar()] = value_of(entry.second);
        }
    } else if (node.IsSequence()) {
        value = nlohmann::json::array();
        for (const YAML::Node& element : node) {
            value.push_back(value_of(element));
        }
    } else if (node.IsScalar()) {
        value = value_of_scalar(node);
    }
    return value;
}

}  // namespace

std::map<std::string, nlohmann::json> service_extensions(const std::string& yaml) {
    std::map<std::string, nlohmann::json> extensions;
    try {
        const YAML::Node document = YAML::Load(yaml);
        const YAML::Node services = document.IsMap() ? document["services"] : YAML::Node{};
        if (services.IsMap()) {
            for (const auto& service : services) {
                if (const YAML::Node extension = service.second["x-pilotpros"]; extension.IsDefined()) {
                    extensions[service.first.Scalar()] = value_of(extension);
                }
            }
        }
    } catch (const YAML::Exception&) {
        return {};
    }
    return extensions;
}

}  // namespace pilotpros
