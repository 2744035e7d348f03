#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/wishes.h"

namespace pilotpros {

/// How the value of a key is read and compared.
enum class WishUnit {
    kBytes,
    kMebibytes,  ///< a size, of which a bare number is MiB, as node's own flag has it
    kSeconds,
    kNumber,
    kCount,  ///< a whole number above zero
    kText,   ///< has no order: it can be pinned, not bounded
};

/// A key that x-pilotpros can pin and bound, as far as it is not a setting of a program's own.
struct WishKey {
    const char* key;
    WishUnit unit;
    const char* advisor;  ///< whom excluding silences the wish, too; null: a service's own value, which several advise
    const char* otherwise = nullptr;  ///< what is in force where nobody sets it; null: nothing, or it is not known
};

/// Null for a setting of a program's own, which its advisor reads.
const WishKey* wish_key(const std::string& key);

/// All of their names.
std::vector<std::string> wish_key_names();

/// The text as a number of its unit; nothing when it is none.
std::optional<double> wish_amount(WishUnit unit, const std::string& text);
/// As Compose takes it: "512m", "1m30s", "3".
std::string wish_text(WishUnit unit, double amount);
/// What it has to be, with an example: "a size, e.g. 512m".
const char* what_it_takes(WishUnit unit);

/// The bounds of one key, as far as they can be read.
struct WishBounds {
    std::optional<double> least, most;

    /// `advised` within them; nothing where that would lead from what is in force now away from what is advised, or
    /// nowhere: then what is there stays.
    [[nodiscard]] std::optional<double> held(double advised, std::optional<double> now) const;
};

/// None where they contradict each other, which is told by the name of the key.
WishBounds bounds_on(const Wish& wish, const std::string& key);

/// "bounded by x-pilotpros; without it 512m"
std::string why_bounded(const std::string& without);
/// The same where nothing is left to change.
std::string why_bounded_away(const WishBounds& bounds, WishUnit unit, const std::string& without);

}  // namespace pilotpros
