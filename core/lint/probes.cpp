#include <fmt/format.h>

#include <algorithm>

#include "core/advise/probe_edit.h"
#include "core/advise/probe_repair.h"
#include "core/advise/probe_words.h"
#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/durations.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

constexpr Seconds kSlowInterval{30};
/// Who wrote a start_period thought of the start, and may take it for what makes that quick to see.
constexpr Seconds kSlowInPeriod{15};

/// The health check advisor's words for localhost and for the socket.
std::vector<std::string> said_of_probes() { return {"probe-asks-wrongly", "health-check-wrong"}; }

bool is_switched_off(const Json& check) {
    const std::vector<std::string> test = texts(check, "test");
    const Json& disable = member(check, "disable");
    return (!disable.is_null() && as_text(disable) != "false") || (!test.empty() && test.front() == "NONE");
}

/// One service's test: resolved, to be judged, and as written, to be shown.
struct TestedService {
    Probe resolved, written;
    bool computed = false;  ///< it was not resolved and holds a ${…}
};

TestedService test_of(const LintCase& input, const std::string& name, const Service& service) {
    TestedService tested;
    const Json& check = member(service.resolved, "healthcheck");
    if (is_switched_off(check)) {
        return tested;
    }
    const Json& resolved = member(check, "test");
    const Json& written = member(member(written_service(input.project.uninterpolated, name), "healthcheck"), "test");
    tested.resolved = read_probe(resolved);
    tested.written = read_probe(written.is_null() ? resolved : written);
    tested.computed = has_variable(resolved.dump());
    return tested;
}

std::string test_lines(const std::string& service, const Json& test) {
    return service_lines(service, {"healthcheck:", "  test: " + test.dump()});
}

std::vector<Spot> look_localhost(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const TestedService tested = test_of(input, name, service);
        if (tested.resolved.none() || has_no_ipv6(service.resolved) || !asks_localhost(tested.resolved)) {
            continue;
        }
        const auto repaired = tested.written.understood ? without_localhost(tested.written) : std::nullopt;
        const bool passes = tries_every_address(tested.resolved);
        const Probe asking = within_shell(tested.resolved);
        const bool of_node = calls(asking, "node");
        // Tried with 20.20.2: http.get() and fetch() answer where ::1 refuses. What tag it is, only node's own image
        // tells.
        const bool of_node_20 = of_node && !passes && node_major(service).value_or(0) >= 20;
        spots.push_back(
            {name, "its health check asks localhost",
             repaired ? test_lines(name, *repaired) : "write 127.0.0.1 for localhost in the health check's test",
             passes       ? tries_in_vain(tested.resolved)
             : of_node_20 ? "it passes all the same: node from 20 on tries ::1 in vain and goes on to 127.0.0.1; "
                            "another program that takes its place may not"
             : of_node
                 ? "localhost may be ::1 first, and node before 20 does not go on to 127.0.0.1: the check fails on a "
                   "server that listens on IPv4 alone"
             : asking.simple && asking.program != "wget"
                 ? "localhost may be ::1 first: a program that does not go on to 127.0.0.1 fails on a server that "
                   "listens on IPv4 alone"
                 : "",
             said_of_probes(), passes || of_node_20 ? std::optional{Finding::Severity::kNote} : std::nullopt});
    }
    return spots;
}

bool is_on_socket(const TestedService& tested, const Service& service) {
    const Probe probe = within_su(within_shell(tested.resolved));
    const auto port = probe.option("p", "port");
    // A pooler in front of it has no first start.
    const bool pooler = port && port->value != "5432" && !runs_postgres(service);
    return !tested.computed && asks_over_socket(tested.resolved) && !sets_variable(service, "PGHOST") && !pooler;
}

/// Whether the engine, which kills the shell alone, leaves PostgreSQL a pg_isready.
bool leaves_orphan(const TestedService& tested, const Service& service) {
    const Probe probe = within_shell(tested.resolved);
    return calls(probe, "pg_isready") && leaves_child(tested.resolved, service.image) &&
           probe.text.find("exec pg_isready") == std::string::npos && runs_postgres(service) &&
           as_text(member(service.resolved, "init")) != "true";
}

/// The test with all put right that is wrong with its pg_isready, or nothing where it cannot be shown.
std::optional<Json> repaired_pg_isready(const TestedService& tested, const Service& service) {
    const Probe& written = tested.written;
    const bool socket = is_on_socket(tested, service);
    if (!written.understood || written.program != "pg_isready" || (socket && written.option("h", "host"))) {
        return std::nullopt;
    }
    std::optional<Json> asked =
        socket ? std::optional{with_words_after(written, 0, {"-h", "127.0.0.1"})} : std::nullopt;
    if (!leaves_orphan(tested, service)) {
        return asked;
    }
    const auto both = behind_exec(asked ? read_probe(*asked) : written);
    return both ? both : asked;
}

std::vector<Spot> look_shell(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const TestedService tested = test_of(input, name, service);
        if (tested.computed || !meant_for_shell(tested.resolved)) {
            continue;
        }
        const bool line = tested.resolved.words.front().raw.find(' ') != std::string::npos;
        const auto meant = meant_for_shell(tested.written);
        const auto asked = meant ? repaired_pg_isready({*meant, *meant, tested.computed}, service) : std::nullopt;
        std::vector<std::string> instead = said_of_probes();
        instead.emplace_back("probe-command-missing");
        spots.push_back(
            {name,
             line ? "its health check is a whole line behind CMD, which calls a program of that name"
                  : "its health check has a shell's operators behind CMD, where no shell reads them",
             meant && meant->understood
                 ? test_lines(name, asked ? *asked
                                          : without_localhost(*meant).value_or(Json::array({"CMD-SHELL", meant->text})))
                 : "write CMD-SHELL for CMD in the health check, and all that follows as one text",
             line ? "" : "they are the program's arguments: most refuse them, and the check never passes", instead,
             line ? std::nullopt : std::optional{Finding::Severity::kWarning}});
    }
    return spots;
}

std::vector<Spot> look_pg_isready(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const TestedService tested = test_of(input, name, service);
        if (!is_on_socket(tested, service)) {
            continue;
        }
        const auto repaired = repaired_pg_isready(tested, service);
        spots.push_back(
            {name,
             fmt::format("pg_isready in its health check names {}: it asks over the socket",
                         tested.written.option("h", "host") ? "a folder, and no host" : "no host"),
             repaired ? test_lines(name, *repaired) : "add -h 127.0.0.1 to pg_isready in the health check's test", "",
             said_of_probes()});
    }
    return spots;
}

std::vector<Spot> look_orphan(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const TestedService tested = test_of(input, name, service);
        if (!leaves_orphan(tested, service)) {
            continue;
        }
        const bool can_be = behind_exec(tested.written).has_value();
        const auto repaired = can_be ? repaired_pg_isready(tested, service) : std::nullopt;
        spots.push_back({name, "a shell runs pg_isready in its health check, and PostgreSQL is its first process",
                         repaired ? test_lines(name, *repaired)
                                  : "write exec before pg_isready, or before what runs it, where it comes last in the "
                                    "health check's test, or "
                                    "set init: true",
                         "", said_of_probes()});
    }
    return spots;
}

std::vector<Spot> look_first_probe(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const Json& check = member(service.resolved, "healthcheck");
        const Json& written_period = member(check, "start_period");
        const auto period =
            written_period.is_null() ? std::optional{Seconds{0}} : parse_duration(as_text(written_period));
        const Json& written = member(check, "interval");
        const auto interval = written.is_null() ? std::optional{kSlowInterval} : parse_duration(as_text(written));
        const bool has_period = period && period->count() > 0;
        if (is_switched_off(check) || !period || !interval ||
            *interval < (has_period ? kSlowInPeriod : kSlowInterval) || !member(check, "start_interval").is_null()) {
            continue;
        }
        if (!has_period && read_probe(member(check, "test")).none()) {
            continue;  // whether there is a check at all, only the image could tell
        }
        std::vector<std::string> lines{"healthcheck:"};
        if (!has_period) {
            lines.emplace_back("  start_period: 60s     # start_interval counts only within it");
        }
        lines.emplace_back("  start_interval: 2s    # Docker Engine 25 or newer");
        spots.push_back({name,
                         fmt::format("its first probe comes {} after the start{}{}", format_duration(*interval),
                                     has_period ? ", whatever start_period says" : "",
                                     written.is_null() ? " (Docker's default)" : ""),
                         service_lines(name, lines)});
    }
    return spots;
}

}  // namespace

LintRules probes_rules() {
    return {{"probe-localhost", Finding::Severity::kWarning, "a health check asks localhost",
             "localhost is ::1 first: busybox's wget does not fall back, and fails on a server that listens on IPv4 "
             "alone",
             "https://github.com/wallabag/docker/issues/407", look_localhost,
             "a note where curl, Python or libpq asks: they go on to 127.0.0.1, and pass"},
            {"probe-needs-shell", Finding::Severity::kError, "a health check behind CMD is written for a shell",
             kNeverPasses, "https://docs.docker.com/reference/compose-file/services/#healthcheck", look_shell,
             "a warning where operators of a shell are arguments of a program that exists"},
            {"pg-isready-on-socket", Finding::Severity::kWarning, "pg_isready asks over the socket",
             "it is true for the temporary server of the first start, which nobody else can reach: others start too "
             "early",
             "https://github.com/docker-library/postgres/issues/146", look_pg_isready},
            {"pg-isready-orphan", Finding::Severity::kWarning, "a shell runs PostgreSQL's health check", kOrphanHarm,
             kOrphanSource, look_orphan},
            {"slow-first-probe", Finding::Severity::kNote, "the first probe waits for the whole interval",
             "whoever waits until the service is healthy waits for that long, though it may answer within seconds",
             "https://docs.docker.com/reference/compose-file/services/#healthcheck", look_first_probe}};
}

}  // namespace pilotpros::linting
