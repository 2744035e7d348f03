#include "core/model/shell_word.h"

namespace pilotpros {

std::string single_quoted(const std::string& word) {
    std::string quoted{'\''};
    for (const char letter : word) {
        if (letter == '\'') {
            quoted += "'\\''";
        } else {
            quoted += letter;
        }
    }
    quoted += '\'';
    return quoted;
}

}  // namespace pilotpros
