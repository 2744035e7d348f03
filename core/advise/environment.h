#pragma once

#include <map>
#include <string>

#include "core/model/observation.h"
#include "core/model/project.h"
#include "core/model/wishes.h"

namespace pilotpros {

/// What shows that a service is there to develop on, in words; empty when nothing does. Evidence, in this order:
/// its application runs a development server or says so itself (the facts' "development", "reload"), NODE_ENV and the
/// like as the application read them, source that is bind-mounted over the working directory of an image that the
/// project builds.
/// Source: https://nodejs.org/en/learn/getting-started/nodejs-the-difference-between-development-and-production
std::string sign_of_development(const ServiceObservation& service, const Project& project,
                                const Observation& observation);

/// For every service: the user's word (`x-pilotpros: {environment: …}`), else whether there is such a sign.
std::map<std::string, bool> find_development(const Project& project, const Observation& observation,
                                             const Wishes& wishes);

}  // namespace pilotpros
