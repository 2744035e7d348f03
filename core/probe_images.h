#pragma once

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/model/project.h"
#include "core/observe/image_answers.h"
#include "core/world.h"

namespace pilotpros {

/// Which commands the images have that the services' health checks call, as far as this engine has the images: noted in
/// the observation. Nothing is run. Not noted of a service that is built, since the image that is here may be older
/// than what it is made of, of one that brings a PATH, and of one that mounts something where the commands lie.
void note_probe_commands(Engine& engine, ImageAnswers& answers, const Project& project, Observation& observation);

/// The same of the engine at this machine's socket, for whoever reads files alone; elsewhere nobody is asked, since a
/// check of files is not to wait for a network. Where no engine answers nothing is missing.
void ask_images_of_probes(World& world, const Project& project, Observation& observation);

}  // namespace pilotpros
