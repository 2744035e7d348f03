#include "core/advise/check_limits.h"

#include <catch2/catch.hpp>

#include "core/advise/compose_limits.h"
#include "core/advise/memory_flags.h"
#include "core/model/yaml_key.h"
#include "tests/unit/advise/advice_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using nlohmann::json;

namespace {

/// Findings on one service of these keys, from files alone.
struct Checked {
    explicit Checked(json resolved) {
        built.observation.engine.reset();
        built.declare("app", std::move(resolved));
    }
    [[nodiscard]] bool has(const std::string& id) const { return finding(id).id == id; }
    [[nodiscard]] Finding finding(const std::string& id) const {
        const Advice advice = check_limits(built.get());
        const Finding* const found = find_finding(advice, "app", id);
        return found == nullptr ? Finding{} : *found;
    }
    CaseBuilder built;
};

json limited(json more) {
    more["mem_limit"] = "536870912";
    return more;
}

json deployed(json limits, json reservations = nullptr) {
    json resources{{"limits", std::move(limits)}};
    if (!reservations.is_null()) {
        resources["reservations"] = std::move(reservations);
    }
    return {{"deploy", {{"resources", std::move(resources)}}}};
}

}  // namespace

TEST_CASE("a service without a memory limit is told, in its own dialect", "[limits][check]") {
    CHECK(Checked(json::object()).has("no-memory-limit"));
    CHECK_FALSE(Checked(limited({})).has("no-memory-limit"));
    CHECK_FALSE(Checked(deployed({{"memory", "536870912"}})).has("no-memory-limit"));
    CHECK(mentions(Checked(json::object()).finding("no-memory-limit").fix, "    mem_limit: SIZE"));
    CHECK(mentions(Checked(deployed({{"cpus", 1}})).finding("no-memory-limit").fix,
                   "    deploy:\n      resources:\n        limits:\n          memory: SIZE"));
    SECTION("but not a job, a service of another profile, or one that is excluded") {
        Checked job(json::object());
        job.built.declare("other",
                          limited({{"depends_on", {{"app", {{"condition", "service_completed_successfully"}}}}}}));
        CHECK_FALSE(job.has("no-memory-limit"));
        Checked profile(json::object());
        profile.built.project.services["app"].profiled_out = true;
        CHECK_FALSE(profile.has("no-memory-limit"));
        Checked excluded(json::object());
        excluded.built.wishes["app"].excluded.insert("*");
        CHECK_FALSE(excluded.has("no-memory-limit"));
    }
}

TEST_CASE("a sound service has no findings", "[limits][check]") {
    const Checked checked(limited({{"memswap_limit", "536870912"},
                                   {"mem_reservation", "104857600"},
                                   {"cpus", 1.5},
                                   {"pids_limit", 512},
                                   {"command", {"node", "--max-old-space-size=384", "server.js"}}}));
    CHECK(check_limits(checked.built.get()).findings.empty());
}

TEST_CASE("bounds that the Engine refuses", "[limits][check]") {
    CHECK(Checked(limited({{"memswap_limit", "1048576"}})).has("memswap-below-memory"));
    CHECK_FALSE(Checked(limited({{"memswap_limit", "-1"}})).has("memswap-below-memory"));
    CHECK(Checked(json::object({{"memswap_limit", "104857600"}})).has("memswap-without-memory"));
    CHECK(Checked(limited({{"mem_reservation", "1073741824"}})).has("reservation-above-limit"));
    CHECK(Checked(deployed({{"memory", "104857600"}}, {{"memory", "204857600"}})).has("reservation-above-limit"));
    CHECK(Checked(json::object({{"mem_limit", "1048576"}})).has("memory-limit-too-small"));
    CHECK(Checked(limited({{"cpus", -1}})).has("cpus-negative"));
    CHECK(Checked(deployed({{"cpus", "-1"}}, json::object())).has("cpus-negative"));
    CHECK_FALSE(Checked(deployed({{"cpus", "1"}}, json::object())).has("cpus-negative"));
    CHECK(Checked(limited({{"cpus", 1}, {"cpu_quota", 50000}})).has("cpus-and-quota"));
    Checked many(limited({{"cpus", 6}}));
    CHECK_FALSE(many.has("cpus-above-machine"));
    many.built.observation.engine = EngineFacts{};
    many.built.observation.engine->cpus = 4;
    CHECK(many.has("cpus-above-machine"));
}

TEST_CASE("a fix is written where the value stands", "[limits][check]") {
    json mixed = deployed({{"memory", "67108864"}});
    mixed["mem_reservation"] = "134217728";
    const std::string reserved = Checked(mixed).finding("reservation-above-limit").fix;
    CHECK(reserved == "services:\n  app:\n    mem_reservation: 32m");
    json twice = deployed({{"memory", "1048576"}});
    twice["mem_limit"] = "1048576";
    const std::string both = Checked(twice).finding("memory-limit-too-small").fix;
    CHECK(mentions(both, "          memory: 64m\n# and take mem_limit out"));
    json other = deployed({{"cpus", "1"}});
    other["mem_limit"] = "1048576";
    CHECK(Checked(other).finding("memory-limit-too-small").fix == "services:\n  app:\n    mem_limit: 64m");
    SECTION("under a name that YAML reads as one") {
        CHECK(lines_for("3.14", {Target::Kind::kCompose, {"shm_size"}}, "16m") ==
              "services:\n  \"3.14\":\n    shm_size: 16m");
        CHECK(yaml_key("a-b_1") == "a-b_1");
        for (const char* const name : {"1e3", "true", "No", "null", "0x10", "a b", "", "a\"b"}) {
            CHECK(yaml_key(name) == json(name).dump());
        }
    }
}

TEST_CASE("bounds that do nothing", "[limits][check]") {
    CHECK(Checked(deployed({{"memory", "104857600"}}, {{"cpus", 0.1}})).has("reserved-cpus-ignored"));
    Checked zero(limited({}));
    CHECK_FALSE(zero.has("cpus-zero"));
    zero.built.project.uninterpolated = {{"services", {{"app", {{"cpus", 0}}}}}};
    CHECK(zero.has("cpus-zero"));
    zero.built.project.uninterpolated = {{"services", {{"app", deployed({{"cpus", "0.0"}})}}}};
    CHECK(zero.has("cpus-zero"));
    zero.built.project.uninterpolated = {{"services", {{"app", {{"cpus", "${CPUS}"}}}}}};
    CHECK_FALSE(zero.has("cpus-zero"));
}

TEST_CASE("the same in both dialects is a trap", "[limits][check]") {
    json both = deployed({{"memory", "536870912"}});
    CHECK_FALSE(Checked(both).has("limit-in-both-dialects"));
    CHECK(Checked(limited(both)).has("limit-in-both-dialects"));
}

TEST_CASE("a heap or buffers as large as the limit", "[limits][check]") {
    const char* const id = "memory-flag-above-limit";
    CHECK(Checked(limited({{"environment", {{"NODE_OPTIONS", "--max-old-space-size=512"}}}})).finding(id).severity ==
          Finding::Severity::kError);
    CHECK(Checked(limited({{"environment", {{"NODE_OPTIONS", "--max-old-space-size=448"}}}})).finding(id).severity ==
          Finding::Severity::kWarning);
    CHECK_FALSE(Checked(limited({{"environment", {{"NODE_OPTIONS", "--max-old-space-size=384"}}}})).has(id));
    CHECK(Checked(limited({{"command", {"node", "--max_old_space_size", "2048"}}})).has(id));
    CHECK(Checked(limited({{"entrypoint", {"sh", "-c", "exec node --max-old-space-size=600 x.js"}}})).has(id));
    CHECK(Checked(limited({{"command", {"postgres", "-c", "shared_buffers=1GB"}}})).has(id));
    CHECK(Checked(limited({{"command", {"postgres", "-c", "shared_buffers=131072"}}})).has(id));  // blocks of 8 KiB
    CHECK_FALSE(Checked(limited({{"command", {"postgres", "-c", "shared_buffers=128MB"}}})).has(id));
    CHECK(Checked(limited({{"command", {"redis-server", "--maxmemory", "600mb"}}})).has(id));
    CHECK_FALSE(Checked(limited({{"command", {"redis-server", "--maxmemory-policy", "noeviction"}}})).has(id));
    CHECK(Checked(limited({{"command", {"memcached", "-m", "512"}}})).has(id));
    CHECK_FALSE(Checked(limited({{"command", {"memcached", "-m", "384"}}})).has(id));
    CHECK(Checked(limited({{"command", {"java", "-Xmx2g", "-jar", "shop.jar"}}})).has(id));
    CHECK(Checked(limited({{"environment", {{"JAVA_TOOL_OPTIONS", "-Xms64m -Xmx1024m"}}}})).has(id));
    CHECK_FALSE(Checked(limited({{"command", {"java", "-Xmx128m", "-jar", "shop.jar"}}})).has(id));
    CHECK_FALSE(Checked(limited({{"environment", {{"OTHER_OPTIONS", "-Xmx2g"}}}})).has(id));
    CHECK(Checked(limited({{"command", "--innodb-buffer-pool-size=2G"}})).has(id));
    CHECK_FALSE(Checked(limited({{"command", "--innodb_buffer_pool_size=134217728"}})).has(id));
    CHECK_FALSE(
        Checked(json::object({{"command", {"node", "--max-old-space-size=9999"}}})).has(id));  // no limit to pass
    SECTION("what the flag may say at most is a number to type, as the lint rule has it") {
        const auto most = [&](const char* limit) {
            return Checked(json::object({{"mem_limit", limit}, {"command", {"node", "--max-old-space-size=2048"}}}))
                .finding(id)
                .fix;
        };
        CHECK(mentions(most("536870912"), "--max-old-space-size at most 369 MiB"));    // 369.92
        CHECK(mentions(most("2147483648"), "--max-old-space-size at most 1479 MiB"));  // 1479.68
    }
    SECTION("the command line wins over NODE_OPTIONS, the last of a name over the first") {
        CHECK_FALSE(Checked(limited({{"environment", {{"NODE_OPTIONS", "--max-old-space-size=900"}}},
                                     {"command", {"node", "--max-old-space-size=100"}}}))
                        .has(id));
        CHECK(
            Checked(limited({{"command", {"node", "--max-old-space-size=100", "--max-old-space-size=900"}}})).has(id));
    }
    SECTION("nothing else of an environment value is said") {
        const Finding finding =
            Checked(limited({{"environment",
                              {{"NODE_OPTIONS", "--require=hunter2 --max-old-space-size=900"}, {"KEY", "hunter2"}}}}))
                .finding(id);
        CHECK(mentions(finding.what, "NODE_OPTIONS is 900"));
        CHECK_FALSE(mentions(json(finding).dump(), "hunter2"));
    }
}

TEST_CASE("what lies in /dev/shm counts as memory", "[limits][check]") {
    CHECK(Checked(limited({{"shm_size", "1073741824"}})).has("shm-above-limit"));
    CHECK_FALSE(Checked(limited({{"shm_size", "134217728"}})).has("shm-above-limit"));
}

TEST_CASE("a heap that is to be locked and may not be is told", "[limits][check][memlock]") {
    const auto search = [](const char* image, const char* lock, const json& ulimits) {
        json service = limited({{"image", image}, {"environment", {{"bootstrap.memory_lock", lock}}}});
        if (!ulimits.is_null()) {
            service["ulimits"] = {{"memlock", ulimits}};
        }
        return Checked(std::move(service));
    };
    constexpr const char* kElastic = "docker.elastic.co/elasticsearch/elasticsearch:8.15.0";
    CHECK(search(kElastic, "true", nullptr).has("heap-not-lockable"));
    CHECK(search("opensearchproject/opensearch:2", "true", 65536).has("heap-not-lockable"));
    CHECK(search("opensearchproject/opensearch", "true", {{"soft", 65536}, {"hard", -1}}).has("heap-not-lockable"));
    CHECK(search("registry.example.org/search/engine:3", "true", nullptr).has("heap-not-lockable"));
    CHECK(search(kElastic, "true", nullptr).finding("heap-not-lockable").fix ==
          "services:\n  app:\n    ulimits:\n      memlock: -1");
    SECTION("not where it may, where nobody asks for it, or in what is no such server") {
        CHECK_FALSE(search(kElastic, "true", -1).has("heap-not-lockable"));
        CHECK_FALSE(search(kElastic, "true", {{"soft", -1}, {"hard", -1}}).has("heap-not-lockable"));
        CHECK_FALSE(search(kElastic, "false", nullptr).has("heap-not-lockable"));
        CHECK_FALSE(search("opensearchproject/opensearch-dashboards:2", "true", nullptr).has("heap-not-lockable"));
    }
}
