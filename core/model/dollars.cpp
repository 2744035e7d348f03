#include "core/model/dollars.h"

namespace pilotpros {

std::string undoubled(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        result += text[i];
        i += text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$' ? 1 : 0;
    }
    return result;
}

}  // namespace pilotpros
