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

bool has_variable(const std::string& text) {
    for (std::size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at)) {
        if (at + 1 >= text.size() || text[at + 1] != '$') {
            return true;
        }
        at += 2;
    }
    return false;
}

}  // namespace pilotpros
