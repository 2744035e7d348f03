#pragma once

#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/bundle.h"
#include "core/model/observation.h"
#include "core/model/project.h"

namespace pilotpros {

/// What is known of the image of each service.
using ServiceImages = std::map<std::string, Image>;
ServiceImages images_of(const Observation& observation);

/// What a value of ours at that path of a service hides, as a Mask without a path: the user's own in the files, else
/// the image's, where a value in the files takes its place (environment). Nothing where neither has one. Steps of the
/// path are joined by dots and may hold dots themselves.
std::optional<Mask> hidden_at(const Project& project, const ServiceImages& images, const std::string& service,
                              const std::string& path);

/// Whether it still hides the same. Of an image that is not known nobody can say that it changed.
bool hides_the_same(const Mask& mask, const Project& project, const ServiceImages& images);

/// What Mask::hash holds of a hidden value.
std::string mask_hash(const nlohmann::json& hidden);

}  // namespace pilotpros
