#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/advise/probe_words.h"
#include "core/model/change.h"
#include "core/model/observation.h"

namespace pilotpros {

/// A test to write in place of another one, or where there is none.
struct ProbePlan {
    nlohmann::json test;  ///< a list that begins with CMD or CMD-SHELL
    std::string program;  ///< what it calls
    std::string reason;   ///< one line
    std::string rule;     ///< one line without anything measured
    std::string recipe;   ///< what the recipe's own line would have done
    std::string source;
    std::string harm = "it fails where the service works, or passes before it does";  ///< of what there is now
};

/// What the recipe's own health check of a service of this kind does; empty where it has none.
std::string recipe_of_probe(const std::string& kind);

/// What is wrong with a test and cannot be repaired here, in words, with what to do about it.
struct ProbeComplaint {
    std::string what, harm, fix;
    Finding::Severity severity = Finding::Severity::kWarning;
};

/// What an image offers to ask with.
class ProbeTools {
  public:
    explicit ProbeTools(const ServiceObservation& service);
    [[nodiscard]] bool has(const std::string& command) const { return paths_.contains(command); }
    /// Known not to be there; never of a command that nobody looked for.
    [[nodiscard]] bool lacks(const std::string& command) const;

  private:
    std::map<std::string, std::string> paths_;
    bool known_ = false;
};

/// What decides about a test beside its words.
struct ProbeSetting {
    bool works = false;   ///< it was seen to pass
    bool socket = true;   ///< its pg_isready goes over the socket (service_asks_over_socket)
    bool orphan = false;  ///< what its shell leaves when it is killed becomes PostgreSQL's child
    bool ipv6 = true;     ///< localhost may be ::1 (has_no_ipv6)
};

/// Repairs a test where it is wrong, and only there: a command that the image does not have, localhost, pg_isready over
/// the socket or behind a shell that PostgreSQL inherits it from. Nothing when it is right, or when it holds what
/// cannot be understood (then complaints says so).
std::optional<ProbePlan> repair_probe(const Probe& probe, const ProbeTools& tools, const ProbeSetting& setting,
                                      std::vector<ProbeComplaint>& complaints);

/// What a pg_isready that a shell left behind leads to. The engine kills the shell alone at the probe's timeout;
/// PostgreSQL as first process inherits the child, takes its end with 2 for a crash of its own and closes all
/// connections: tried with 17, not so with `init: true`, and https://github.com/docker-library/postgres/issues/1349.
inline constexpr const char* kOrphanHarm =
    "at the probe's timeout the engine kills the shell alone: PostgreSQL inherits pg_isready, takes its end for a "
    "crash and closes all connections";
inline constexpr const char* kOrphanSource = "https://github.com/docker-library/postgres/issues/1349";

/// A test for a service that has none: of an application that says where it answers, or of a port that is known.
/// Nothing, and why, when there is none that could be proven.
std::optional<ProbePlan> propose_probe(const ServiceObservation& service, const std::vector<int>& ports,
                                       const ProbeTools& tools, std::string& why_not);

}  // namespace pilotpros
