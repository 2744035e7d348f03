#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/observation.h"
#include "core/model/secret.h"

namespace pilotpros {

/// Makes a line of a program's own output fit for print: what may be confidential becomes "…".
///
/// Of each known secret every piece of eight characters, whatever their case, and the whole of it from four on: nobody
/// keeps a secret in three. Of anybody's: addresses and their queries (but for scheme, host and port), what stands
/// behind a word like "password" or "token", and words of 16 characters and more with letters and digits, as keys,
/// hashes and their base64 are. Escapes and control characters are left out.
class Redactor {
  public:
    explicit Redactor(const std::vector<Secret>& secrets);

    /// At most `longest` bytes of the line, ended by "…" when there are more.
    [[nodiscard]] std::string clean(std::string_view line, std::size_t longest = 160) const;

  private:
    [[nodiscard]] std::string without_known(const std::string& line) const;

    std::vector<std::string> whole_;  // in lower case, shorter than a piece
    std::set<std::string> pieces_;    // in lower case
};

/// What must not be printed of a container: the values of its environment that are neither its image's own nor named in
/// `public_names`, its labels but for Compose's own, and the values of its options.
std::vector<Secret> secrets_of(const Container& container, const Image* image,
                               const std::set<std::string>& public_names);

/// Without terminal escapes and control characters; a tab is a blank. Pure.
std::string without_escapes(std::string_view line);

}  // namespace pilotpros
