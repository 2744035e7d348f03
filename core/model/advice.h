#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/change.h"
#include "core/model/observation.h"
#include "core/model/project.h"
#include "core/model/wishes.h"

namespace pilotpros {

/// How an advisor decides, for docs/decisions.md.
struct Decision {
    std::array<const char*, 3> lines{};
    const char* source = nullptr;
};

/// Memory that an application knows it needs beyond what was measured, e.g. a heap that the user fixed or buffers that
/// a database of this size should have.
struct Demand {
    Bytes least = 0;  ///< below this the present configuration may be killed; 0: nothing known
    Bytes wish = 0;   ///< what it would make good use of; 0: nothing beyond what was measured
    std::string why;  ///< one line, e.g. "shared_buffers of 256 MiB for 640 MiB of data"
};

/// What one service gets of the machine, each replica.
struct Share {
    Bytes memory = 0;  ///< the memory limit that the heaps and buffers inside have to fit in; 0: no limit, neither set
                       ///< nor advised, so the machine's memory less what others use is all there is
    bool advised = false;  ///< `memory` is what we advise, not what is already set
    double cpus = 0;       ///< CPUs it may use at most: its quota, else the machine's
    std::string why;       ///< how `memory` came about, one line
};

/// The machine's memory, divided. Made once, before any application's advisor.
struct Budget {
    int cpus = 0;                         ///< of the machine; 0 when unknown
    Bytes total = 0;                      ///< the machine's memory; 0 when unknown
    Bytes reserved = 0;                   ///< for the kernel, the engine and page cache
    Bytes others = 0;                     ///< of containers outside the project
    Bytes granted = 0;                    ///< sum of the shares' memory over all replicas
    std::map<std::string, Share> shares;  ///< by service
};

/// Values of an earlier Plan, as text, by service and key. Without text: it was a wish of the user's, whose value is
/// no advice to stand by.
using Written = std::map<std::string, std::map<std::string, std::string>>;

/// All that an advisor may look at. Nothing in it can be asked any more: advisors are pure.
struct Case {
    const Project& project;
    const Observation& observation;
    const Budget& budget;
    const Wishes& wishes;
    const Written& written;                   ///< what an apply wrote into our files, which is in force with them
    const Written& advised;                   ///< what was shown last, applied or not
    std::map<std::string, bool> development;  ///< by service; absent: not known, and treated as production

    [[nodiscard]] bool in_development(const std::string& service) const {
        const auto found = development.find(service);
        return found != development.end() && found->second;
    }
    /// The service of the files, or null when only a container has it.
    [[nodiscard]] const Service* service(const std::string& name) const {
        const auto found = project.services.find(name);
        return found == project.services.end() ? nullptr : &found->second;
    }
    /// Whether what is in force for this key is of our writing.
    [[nodiscard]] bool is_written(const std::string& name, const std::string& key) const {
        const auto of_service = written.find(name);
        return of_service != written.end() && of_service->second.contains(key);
    }
    /// What is written for this key, or nothing: what it cured is not seen any more while it is in force.
    [[nodiscard]] std::optional<std::string> written_value(const std::string& name, const std::string& key) const {
        if (!is_written(name, key) || written.at(name).at(key).empty()) {
            return std::nullopt;
        }
        return written.at(name).at(key);
    }
    /// What was written or else shown for this key before, or nothing: what hysteresis compares with.
    [[nodiscard]] std::optional<std::string> earlier_value(const std::string& name, const std::string& key) const {
        for (const Written* const values : {&written, &advised}) {
            if (const auto service = values->find(name); service != values->end()) {
                const auto value = service->second.find(key);
                if (value != service->second.end() && !value->second.empty()) {
                    return value->second;
                }
            }
        }
        return std::nullopt;
    }
};

/// What an advisor gives.
struct Advice {
    std::vector<Change> changes;
    std::vector<Finding> findings;
    std::vector<LeftAlone> left_alone;

    void add(Advice more);
};

/// The value that hysteresis leaves standing: `before` when it is at least `floor` and within `share` of `now` (0.25:
/// a quarter of it either way), else `now`. So that a second profile of the same load changes no byte.
Bytes settle(std::optional<Bytes> before, Bytes now, Bytes floor, double share);

/// Rounds up to the next step: 8 MiB below 256 MiB, 32 MiB below 1 GiB, 128 MiB below 4 GiB, 512 MiB above.
Bytes round_up(Bytes bytes);

/// A size as Compose and PostgreSQL's file both read it: "512m" for Compose. Whole MiB, else bytes with "b".
std::string compose_size(Bytes bytes);
/// Reads what compose_size writes, and Compose's own "1.5g", "300M", "128mb", "1073741824"; nothing when it is no size.
std::optional<Bytes> parse_size(const std::string& text);

/// The usage that advice rests on: what is kept of the service (which holds this run), else this run's merged over its
/// replicas; empty when nothing was measured.
Usage usage_of(const ServiceObservation& service);

/// How many containers of a service there may come to be: those of the files, or more that run. Pure.
int most_replicas_of(const Case& input, const ServiceObservation& service);

/// Whether a host means the service within the project's networks: its name, a container's, or an alias. Pure.
bool is_reached_as(const Case& input, const ServiceObservation& service, const std::string& host);

}  // namespace pilotpros
