#include <catch2/catch.hpp>

#include "core/apply/reload.h"
#include "core/apps/nginx/facts.h"
#include "core/apps/node/facts.h"
#include "core/apps/node/in_force.h"
#include "core/apps/postgres/facts.h"
#include "core/apps/postgres/in_force.h"

using namespace pilotpros;

namespace {

Change change_of(const std::string& key, const std::string& after, Target::Kind kind) {
    Change change;
    change.key = key;
    change.after = after;
    change.target = {kind, {key}};
    return change;
}

}  // namespace

TEST_CASE("a PostgreSQL that does not go by a setting is told by its own pg_settings", "[apply]") {
    apps::postgres::Facts facts;
    apps::postgres::Setting row;
    row.name = "effective_cache_size";
    row.value = "131072";
    row.unit = "8kB";
    facts.settings.push_back(row);
    const auto complaints = [&](const std::string& after) {
        const Change change = change_of("effective_cache_size", after, Target::Kind::kPostgres);
        return apps::postgres::not_in_force(facts, {&change});
    };
    CHECK(complaints("1024MB").empty());
    CHECK(complaints("1GB").empty());
    CHECK(complaints("2GB") == std::vector<std::string>{"effective_cache_size is 1024MB, not 2GB"});
    facts.settings.front().pending_restart = true;
    CHECK(complaints("2GB").front().find("restart") != std::string::npos);
    facts.settings.clear();
    CHECK(complaints("2GB").empty());  // nobody could be asked
}

TEST_CASE("a node server without the options that were written is told by its own process", "[apply]") {
    apps::node::Facts facts;
    facts.server_pid = 7;
    facts.heap_flags = {"--max-old-space-size=80", "--max-semi-space-size=4"};
    const Change heap = change_of("heap", "--enable-source-maps --max-old-space-size=80 --max-semi-space-size=4",
                                  Target::Kind::kCompose);
    CHECK(apps::node::not_in_force(facts, {&heap}).empty());
    facts.heap_flags.pop_back();
    CHECK(apps::node::not_in_force(facts, {&heap}).size() == 1);
    facts.server_pid = 0;
    CHECK(apps::node::not_in_force(facts, {&heap}).empty());
}

TEST_CASE("who looked a service's name up once is known from its own configuration", "[apply]") {
    apps::nginx::Facts facts;
    facts.upstreams = {{"kept", {"api:3000", "unix:/run/x.sock"}, 0, false}, {"anew", {"other:80"}, 0, true}};
    facts.servers.push_back({{}, {}, "", {{}}, 0});
    facts.servers.front().locations.front().target = "ui:80";
    Project project;
    project.services["backend"].resolved = {{"networks", {{"net", {{"aliases", {"api"}}}}}}};
    Observation observation;
    observation.services.resize(1);
    observation.services.front().service = "edge";
    observation.services.front().applications.push_back({"nginx", 1, {}, facts});
    CHECK(name_users_of(project, observation, "backend").front().service == "edge");
    CHECK(name_users_of(project, observation, "ui").size() == 1);
    CHECK(name_users_of(project, observation, "other").empty());  // nginx looks that one up again by itself
    CHECK(name_users_of(project, observation, "db").empty());
    CHECK(name_users_of(project, observation, "edge").empty());
}
