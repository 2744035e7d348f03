#include "core/bundle/hidden.h"

#include "core/model/json.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

const Json* value_at(const Json& root, const std::string& path) {
    if (path.empty()) {
        return &root;
    }
    for (std::size_t end = path.find('.');; end = path.find('.', end + 1)) {
        const Json& child = member(root, path.substr(0, end).c_str());
        if (!child.is_null()) {
            const Json* const found = value_at(child, end == std::string::npos ? "" : path.substr(end + 1));
            if (found != nullptr) {
                return found;
            }
        }
        if (end == std::string::npos) {
            return nullptr;
        }
    }
}

std::optional<Json> of_image(const Image& image, const std::string& path) {
    const std::string beginning = "environment.";
    const auto found =
        path.starts_with(beginning) ? image.environment.find(path.substr(beginning.size())) : image.environment.end();
    return found == image.environment.end() ? std::nullopt : std::optional<Json>{found->second.reveal()};
}

}  // namespace

ServiceImages images_of(const Observation& observation) {
    ServiceImages images;
    for (const ServiceObservation& service : observation.services) {
        if (const auto found = observation.images.find(service.image_id); found != observation.images.end()) {
            images[service.service] = found->second;
        }
    }
    return images;
}

std::optional<Mask> hidden_at(const Project& project, const ServiceImages& images, const std::string& service,
                              const std::string& path) {
    const auto of_files = project.services.find(service);
    if (of_files == project.services.end()) {
        return std::nullopt;
    }
    if (const Json* const value = value_at(of_files->second.resolved, path)) {
        return Mask{service, path, mask_hash(*value), false};
    }
    const auto image = images.find(service);
    const auto value = image == images.end() ? std::nullopt : of_image(image->second, path);
    return value ? std::optional{Mask{service, path, mask_hash(*value), true}} : std::nullopt;
}

bool hides_the_same(const Mask& mask, const Project& project, const ServiceImages& images) {
    const auto now = hidden_at(project, images, mask.service, mask.path);
    const bool unknown =
        mask.of_image && !now && project.services.contains(mask.service) && !images.contains(mask.service);
    return unknown || now == mask;
}

std::string mask_hash(const Json& hidden) {
    return sha256_hex(hidden.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace pilotpros
