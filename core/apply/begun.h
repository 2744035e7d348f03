#pragma once

#include <map>
#include <string>

#include "core/apply/journal.h"

namespace pilotpros {

/// What a rollback is told, and what it finds at its beginning: a killed one is finished by the same.
struct Begun {
    std::map<std::string, int> running;  ///< containers of each service: what it left stopped is to run again; one that
                                         ///< is not named ran as its snapshot has it
    std::map<std::string, int> inside;   ///< see running_inside()
    bool exact = false, force = false;
    bool give_way = false;  ///< not exact where an image is gone: nobody asks for it any more. Not kept
};

/// As a journal has it; empty where no rollback was begun. Pure.
Begun begun_of(const Journal& journal);
/// For Journal::intend(). Pure.
std::string as_detail(const Begun& begun);

}  // namespace pilotpros
