#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Development servers where production is meant: the user says production, or the service itself does (NODE_ENV), or
/// it is published on every interface. They serve one user well, rebuild on each change, show sources and errors to
/// whoever asks, and keep more memory. In what is said to be development nothing is found.
/// Source: https://vite.dev/guide/build.html
Advice advise_development(const Case& input);

}  // namespace pilotpros
