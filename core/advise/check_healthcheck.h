#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// What the files alone say of health checks, without an engine: a service without one, a start_interval that does
/// nothing, localhost, a timeout well above the interval, pg_isready over the socket, a command that the image is known
/// not to have, a wait for health where there is no check. Findings only, in the order of the services' names. An image
/// may bring a check of its own: where that is not known, a service without one is a note, not a warning.
/// Source: https://docs.docker.com/reference/compose-file/services/#healthcheck
Advice check_healthcheck(const Case& input);

}  // namespace pilotpros
