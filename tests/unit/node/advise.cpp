#include "core/apps/node/advise.h"

#include <catch2/catch.hpp>

#include "core/apps/node/demand.h"
#include "core/apps/node/heap.h"
#include "core/apps/node/options.h"
#include "core/apps/node/server.h"

using namespace pilotpros;
using namespace pilotpros::apps::node;

namespace {

/// A node service "web" of a project, with a limit.
struct Web {
    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written, advised;
    ServiceObservation service;
    Facts facts;

    explicit Web(Bytes limit_mib) {
        project.services["web"].name = "web";
        service.service = "web";
        service.image_id = "sha256:aa";
        Container container;
        container.id = "c";
        container.pid = 7;
        service.containers.push_back(std::move(container));
        facts.version = "20.19.2";
        facts.processes = 1;
        facts.server_pid = 7;
        budget.shares["web"].memory = limit_mib * kMiB;
        budget.shares["web"].advised = true;
    }
    void options(const std::string& resolved, const nlohmann::json& written_as) {
        project.services["web"].resolved["environment"]["NODE_OPTIONS"] = resolved;
        project.uninterpolated["services"]["web"]["environment"]["NODE_OPTIONS"] = written_as;
    }
    void options(const std::string& both) { options(both, both); }
    [[nodiscard]] Case input() const { return {project, observation, budget, wishes, written, advised, {}}; }
    [[nodiscard]] Advice advise() const { return apps::node::advise(input(), service, facts); }
    [[nodiscard]] std::string value() const {
        const Advice advice = advise();
        return advice.changes.empty() ? std::string{} : advice.changes.front().after.get<std::string>();
    }
    [[nodiscard]] std::string why_left() const {
        const Advice advice = advise();
        return advice.left_alone.empty() ? std::string{} : advice.left_alone.front().why;
    }
};

Bytes ceiling_of(const std::string& options, Bytes memory, int major) {
    return heap_in(memory, heap_flags(read_options(split_node_options(options)).heap), major).ceiling();
}

}  // namespace

TEST_CASE("node heap: V8's defaults are those that were measured", "[node][heap]") {
    const auto [major, limit, ceiling] = GENERATE(table<int, int, int>({{20, 128, 259},
                                                                        {20, 512, 259},
                                                                        {20, 520, 272},
                                                                        {20, 768, 396},
                                                                        {20, 1024, 524},
                                                                        {20, 2048, 1048},
                                                                        {20, 3072, 1584},
                                                                        {20, 6144, 2096},
                                                                        {22, 1536, 792},
                                                                        {22, 16384, 4144},
                                                                        {24, 512, 259},
                                                                        {24, 520, 308},
                                                                        {24, 1024, 560},
                                                                        {24, 1536, 864},
                                                                        {24, 3072, 1728},
                                                                        {24, 4096, 2240},
                                                                        {24, 16384, 4288}}));
    CAPTURE(major, limit);
    CHECK(heap_in(limit * kMiB, {}, major).ceiling() / kMiB == ceiling);
}

TEST_CASE("node heap: a semi-space is a power of two, as V8 has it", "[node][heap]") {
    CHECK(heap_in(512 * kMiB, heap_flags({"--max-old-space-size=384", "--max-semi-space-size=5"}), 20).ceiling() ==
          408 * kMiB);
}

TEST_CASE("node advise: what is advised always fits", "[node][advise]") {
    for (const int major : {18, 20, 22, 24}) {
        for (Bytes limit = 48; limit < 12'000; limit = limit * 9 / 8 + 3) {
            for (const char* own : {"", "--max-old-space-size=2000", "--max-semi-space-size=64"}) {
                for (const Bytes other : {0, 30, 90, 300}) {
                    Web web(limit);
                    web.facts.version = std::to_string(major) + ".1.0";
                    web.service.processes["c"] = {{7, 1, 90 * kMiB, {}}, {8, 7, (40 + other) * kMiB, {}}};
                    web.options(own);
                    const std::string value = web.value();
                    CAPTURE(major, limit, own, other, value);
                    if (!value.empty()) {
                        CHECK(ceiling_of(value, limit * kMiB, major) + (40 + other) * kMiB <= limit * kMiB);
                    }
                }
            }
        }
    }
}

TEST_CASE("node advise: a flag only where V8's default does not do", "[node][advise]") {
    CHECK(Web(192).value() == "--max-old-space-size=120 --max-semi-space-size=4");
    CHECK(Web(384).value() == "--max-semi-space-size=4");
    CHECK(Web(1024).value().empty());
    CHECK(Web(1024).why_left().find("V8's default fits") == 0);
    CHECK(Web(0).why_left().find("no memory limit") != std::string::npos);
    SECTION("the semi-space flag is only for versions that take it") {
        Web web(384);
        web.facts.version = "18.1.0";
        CHECK(web.value().empty());
    }
    SECTION("an unused limit is used when the heap was nearly full, and not otherwise") {
        Web web(8192);
        CHECK(web.value().empty());
        web.facts.heap_limit = 2096 * kMiB;
        web.service.kept.samples = 100;
        web.service.kept.earlier_need_peak = 1900 * kMiB;
        CHECK(web.value().find("--max-old-space-size=7") == 0);
        CHECK(web.advise().changes.front().reason.starts_with(
            "the container held 1.86 GiB, three quarters of the heap's ceiling, and V8's default of"));
        web.service.kept.beside = 500 * kMiB;  // of other programs: the heap itself was far from full
        CHECK(web.value().empty());
        web.service.kept.beside = 0;
        web.service.kept.earlier_need_peak = 300 * kMiB;
        CHECK(web.value().empty());
        web.written["web"]["heap"] = "--max-old-space-size=6000";
        CHECK(web.advise().changes.front().reason.starts_with("as an earlier profile asked"));
    }
}

TEST_CASE("node advise: the user's own options stay", "[node][advise]") {
    Web web(192);
    SECTION("a heap that does not fit is argued with") {
        web.options("--max-old-space-size=1024 --enable-source-maps");
        CHECK(web.value() == "--max-old-space-size=120 --enable-source-maps --max-semi-space-size=4");
        CHECK(web.advise().changes.front().reason.find("your own flag") != std::string::npos);
        CHECK(web.advise().changes.front().joint == "memory");
    }
    SECTION("a heap that fits is kept") {
        web.options("--max-old-space-size=64 --max-semi-space-size=1");
        CHECK(web.value().empty());
        CHECK(web.why_left().find("your own fits") == 0);
    }
    SECTION("${…} stays as written") {
        web.options("--max-old-space-size=1024", "${OPTS:---max-old-space-size=1024}");
        const Advice advice = web.advise();
        REQUIRE(advice.changes.size() == 1);
        CHECK(advice.changes.front().as_written);
        CHECK(advice.changes.front().after ==
              "${OPTS:---max-old-space-size=1024} --max-old-space-size=120 --max-semi-space-size=4");
    }
    SECTION("environment as a list, and a name without a value") {
        web.options("");
        web.project.uninterpolated["services"]["web"]["environment"] = {"A=1", "NODE_OPTIONS=--no-warnings"};
        CHECK(web.value().find("--no-warnings --max") == 0);
        web.project.uninterpolated["services"]["web"]["environment"] = {"NODE_OPTIONS"};
        CHECK(web.value().find("${NODE_OPTIONS:-} --max") == 0);
    }
    SECTION("of an env_file") {
        web.project.services["web"].resolved["environment"]["NODE_OPTIONS"] = "--no-warnings";
        CHECK(web.value().find("--no-warnings --max") == 0);
    }
    SECTION("of the image") {
        web.observation.images["sha256:aa"].environment["NODE_OPTIONS"] = Secret{"--no-deprecation"};
        CHECK(web.value().find("--no-deprecation --max") == 0);
    }
    SECTION("what we wrote before is not the user's") {
        web.facts.heap_flags = {"--max-old-space-size=120"};
        web.facts.heap_decided_by = "environment";
        CHECK(web.advise().changes.front().before.is_null());
        CHECK(demand(web.input(), web.service, web.facts)->least == 0);
    }
    SECTION("a confidential value is refused with the fix, and not told") {
        web.options("--require=/hunter2.js");
        const Advice advice = web.advise();
        CHECK(advice.changes.empty());
        REQUIRE(advice.findings.size() == 1);
        CHECK(advice.findings.front().fix.find("--max-old-space-size=120") != std::string::npos);
        CHECK(nlohmann::json(advice.findings).dump().find("hunter2") == std::string::npos);
    }
    SECTION("the command line wins") {
        web.facts.command_heap_flags = {"--max-old-space-size=1024"};
        CHECK(web.value().empty());
        REQUIRE(web.advise().findings.size() == 1);
        CHECK(web.advise().findings.front().fix == "in the command: --max-old-space-size=128");
        web.facts.command_heap_flags = {"--max-old-space-size=128"};
        CHECK(web.advise().findings.empty());
    }
    SECTION("a script that sets it") {
        web.facts.entrypoint_sets_options = true;
        CHECK(web.value().empty());
        CHECK(web.why_left().find("script") != std::string::npos);
    }
}

TEST_CASE("node advise: wishes are honoured", "[node][advise]") {
    Web web(192);
    SECTION("pinned") {
        web.wishes["web"].pinned["heap"] = "100m";
        CHECK(web.value() == "--max-old-space-size=100");
        CHECK(web.advise().changes.front().reason == "pinned by x-pilotpros");
        CHECK(web.advise().findings.empty());
        SECTION("to more than the limit holds: written, and told") {
            web.wishes["web"].pinned["heap"] = "180m";
            CHECK(web.value() == "--max-old-space-size=180");
            REQUIRE(web.advise().findings.size() == 1);
            CHECK(web.advise().findings.front().what.find("pins a heap that its limit does not hold") !=
                  std::string::npos);
        }
    }
    SECTION("bounded") {
        web.wishes["web"].most["heap"] = "64";
        CHECK(web.value() == "--max-old-space-size=64 --max-semi-space-size=4");
        CHECK(web.advise().changes.front().reason.find("bounded by x-pilotpros, without it ") != std::string::npos);
        web.wishes["web"].most["heap"] = "1g";
        CHECK(web.advise().changes.front().reason.find("x-pilotpros") == std::string::npos);
        SECTION("by bounds that contradict each other: neither is used") {
            const std::string free = web.value();
            web.wishes["web"].most["heap"] = "40";
            web.wishes["web"].least["heap"] = "64";
            CHECK(web.value() == free);
        }
        SECTION("by what the limit does not hold: that is said") {
            web.wishes["web"].least["heap"] = "190";
            CHECK(web.advise().changes.front().reason.find(
                      "asks for at least 190 MiB, which the limit does not hold") != std::string::npos);
        }
    }
    SECTION("pinned to what cannot be read, to nothing, or where the command line wins: nothing is written") {
        for (const auto& [pin, why] :
             {std::pair{"lots", "cannot be read"}, std::pair{"0", "less than a MiB"}, std::pair{"512k", "less than"}}) {
            web.wishes["web"].pinned["heap"] = pin;
            CHECK(web.value().empty());
            CHECK(web.why_left().find(why) != std::string::npos);
        }
        web.wishes["web"].pinned["heap"] = "100";
        CHECK(web.value() == "--max-old-space-size=100");
        web.facts.command_heap_flags = {"--max-old-space-size=90"};
        CHECK(web.value().empty());
        CHECK(web.why_left().find("command line") != std::string::npos);
    }
    SECTION("excluded") {
        web.wishes["web"].excluded = {"node"};
        CHECK(web.advise().left_alone.empty());
        CHECK(web.value().empty());
    }
}

TEST_CASE("node advise: a second profile of the same load moves no byte", "[node][advise]") {
    Web web(192);
    web.service.processes["c"] = {{7, 1, 90 * kMiB, {}}, {8, 7, 55 * kMiB, {}}};
    const std::string first = web.value();
    web.written["web"]["heap"] = first;
    for (const Bytes other : {50, 55, 60, 63}) {
        web.service.processes["c"][1].resident = other * kMiB;
        CHECK(web.value() == first);
    }
    SECTION("not even where a health check happens to run") {
        web.service.processes["c"].push_back({99, 4, 300 * kMiB, {}});
        CHECK(web.value() == first);
    }
    SECTION("a process of its own that holds as much does") {
        web.service.processes["c"].push_back({99, 8, 60 * kMiB, {}});
        CHECK(web.value() != first);
    }
}

TEST_CASE("node advise: what was kept of the programs beside it counts, not what they hold at this moment",
          "[node][advise]") {
    Web web(192);
    web.service.processes["c"] = {{7, 1, 90 * kMiB, {}}, {8, 7, 55 * kMiB, {}}};
    const std::string first = web.value();
    const Container& container = web.service.containers.front();
    const auto seen = resident_beside(web.service, container, web.facts);
    CHECK(seen == 15 * kMiB);
    web.service.kept.samples = 100;
    web.service.kept.beside = seen;
    web.service.processes["c"][1].resident = 150 * kMiB;
    CHECK(web.value() == first);
    SECTION("more of it does") {
        web.service.kept.beside = 110 * kMiB;
        CHECK(web.value() != first);
    }
    SECTION("where nothing was kept it is what is listed") {
        web.service.kept.beside.reset();
        CHECK(web.value() != first);
    }
    SECTION("of a container that does not run the server nothing is seen") {
        web.service.processes["c"].erase(web.service.processes["c"].begin());
        CHECK_FALSE(resident_beside(web.service, container, web.facts));
        web.service.processes.clear();
        CHECK_FALSE(resident_beside(web.service, container, web.facts));
    }
}

TEST_CASE("node demand: a heap that the user fixed has to fit", "[node][demand]") {
    Web web(0);
    CHECK(demand(web.input(), web.service, web.facts)->least == 0);
    web.options("--max-old-space-size=256 --enable-source-maps");
    const auto small = demand(web.input(), web.service, web.facts);
    REQUIRE(small);
    CHECK(small->least == 256 * kMiB + 3 * kMiB + runtime_beside(256 * kMiB));
    web.options("--max-old-space-size=1024");
    CHECK(demand(web.input(), web.service, web.facts)->least >= (1024 + 3 * 8 + 40) * kMiB);
}

TEST_CASE("node advise: several servers in one container are told, an init before one is none", "[node][advise]") {
    Web web(192);
    web.facts.processes = 3;
    web.facts.servers = 1;
    CHECK_FALSE(web.value().empty());
    web.facts.servers = 2;
    CHECK(web.value().empty());
    CHECK(web.why_left().find("2 node processes") != std::string::npos);
}

TEST_CASE("node server: an init or a shell in front of it is not the server", "[node][server]") {
    const std::vector<ContainerProcess> processes{
        {5, 1, 700, {Secret{"/sbin/docker-init"}, Secret{"--"}, Secret{"node"}, Secret{"main.js"}}},
        {7, 5, 70'000, {Secret{"node"}, Secret{"main.js"}}}};
    std::vector<std::pair<const ContainerProcess*, pilotpros::apps::Program>> programs;
    programs.reserve(processes.size());
    for (const ContainerProcess& process : processes) {
        programs.emplace_back(&process, pilotpros::apps::program_of(process.argv));
    }
    const auto server = find_server(programs);
    REQUIRE(server);
    CHECK(server->process->pid == 7);
    CHECK(server->servers == 1);
}
