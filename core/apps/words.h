#pragma once

namespace pilotpros::apps {

/// The reason of a Change for which this profile alone would not ask: an earlier one did, and its value stands.
inline constexpr const char* kAsBefore = "as an earlier profile asked; this one says nothing against it";

}  // namespace pilotpros::apps
