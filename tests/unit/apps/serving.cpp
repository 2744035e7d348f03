#include <catch2/catch.hpp>

#include "core/apps/n8n/facts.h"
#include "core/apps/n8n/serving.h"
#include "core/apps/nginx/serving.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::apps;
using pilotpros::testing::answer_exec;
using pilotpros::testing::frame;
using pilotpros::testing::MemoryEngine;

namespace {

class NoAnswers final : public ImageAnswers {
  public:
    [[nodiscard]] nlohmann::json find(const std::string& /*image*/, const std::string& /*question*/) const override {
        return nullptr;
    }
    void keep(const std::string& /*image*/, const std::string& /*question*/,
              const nlohmann::json& /*answer*/) override {}
};

/// A running container "x" to be asked.
struct Asked {
    Asked() {
        container.id = "x";
        container.status = "running";
        container.started = parse_time("2026-01-01T00:00:00Z");
        evidence.container = &container;
    }
    Container container;
    Evidence evidence;
    EngineFacts facts;
    MemoryEngine engine;
    NoAnswers answers;
    Asking asking{engine, answers, evidence, facts};
};

std::string logged(const std::vector<std::string>& lines) {
    std::string text;
    int second = 10;
    for (const std::string& line : lines) {
        text += "2026-01-01T00:00:" + std::to_string(second++) + ".000000000Z " + line + "\n";
    }
    return frame(1, text);
}

}  // namespace

TEST_CASE("nginx connects to each server that its configuration names", "[serving]") {
    nginx::Facts facts;
    facts.files = {"/etc/nginx/nginx.conf"};
    facts.workers = 2;
    facts.upstreams = {{"app", {"api:3000", "unix socket", "other"}, 0, false}};
    nginx::Location to_upstream;
    to_upstream.scheme = "http";
    to_upstream.target = "app";
    nginx::Location secure;
    secure.scheme = "https";
    secure.target = "partner.example.org";
    nginx::Location variable;
    variable.target = "variable";
    nginx::Location six;
    six.target = "[fd00::1]:8080";
    facts.servers.push_back({{}, {}, "", {to_upstream, secure, variable, six}, 0});
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    CHECK(nginx::connections(facts) ==
          Pairs{{"api", "3000"}, {"other", "80"}, {"partner.example.org", "443"}, {"fd00::1", "8080"}});

    Asked asked;
    answer_exec(asked.engine, "x", "api 3000 reachable\nother 80 not\npartner.example.org 443 name\n", 0);
    const auto served = nginx::serving(asked.asking, facts).what.get<nginx::Served>();
    CHECK(served.workers == 2);
    CHECK(served.upstreams.at("api:3000") == nginx::Reach::kReachable);
    CHECK(served.upstreams.at("other:80") == nginx::Reach::kNotConnected);
    CHECK(served.upstreams.at("partner.example.org:443") == nginx::Reach::kNoSuchName);
    CHECK(served.upstreams.at("fd00::1:8080") == nginx::Reach::kUnknown);
}

TEST_CASE("an upstream that nginx cannot reach any more is missing, one that it could not before is said",
          "[serving]") {
    using nginx::Reach;
    const nginx::Served before{2, {{"api:3000", Reach::kReachable}, {"gone:80", Reach::kNoSuchName}}};
    nginx::Served now = before;
    ServedAgain again = nginx::served_again(before, now);
    CHECK(again.missing.empty());
    REQUIRE(again.noted.size() == 1);
    CHECK(again.noted.front().find("gone:80 cannot be reached (its name is not known), as before") !=
          std::string::npos);
    SECTION("planted: it takes no connection") {
        now.upstreams["api:3000"] = Reach::kNotConnected;
        again = nginx::served_again(before, now);
        REQUIRE(again.missing.size() == 1);
        CHECK(again.missing.front() == "its upstream api:3000 cannot be reached: it takes no connection");
    }
    SECTION("planted: its workers are gone") {
        now.workers = 0;
        CHECK(nginx::served_again(before, now).missing.front() == "no worker process runs");
    }
    SECTION("what could not be asked is no failure") {
        now.upstreams["api:3000"] = Reach::kUnknown;
        CHECK(nginx::served_again(before, now).missing.empty());
    }
}

TEST_CASE("n8n says in its log which workflows it has activated", "[serving]") {
    Asked asked;
    n8n::Facts facts;
    facts.role = "main";
    asked.engine.answer(
        "GET /containers/x/logs", 200,
        logged({"Start Active Workflows:", R"x(Activated workflow "a (ID: no)" (ID: wfA1))x",
                R"x(Issue on initial workflow activation try of "b" (ID: wfB) (startup))x",
                R"x({"level":"info","message":"Activated workflow \"c\" (ID: wfC)"})x",
                R"x(Activation of workflow "b" (wfB) was successful!)x", "Editor is now accessible via:"}));
    const Serving serving = n8n::serving(asked.asking, facts);
    const auto activated = serving.what.get<n8n::Activated>();
    CHECK(activated.complete);
    CHECK(activated.active == std::set<std::string>{"wfA1", "wfB", "wfC"});
    CHECK(activated.failed.empty());
    CHECK(serving.after == Seconds{15});
    SECTION("a worker activates none") {
        facts.role = "worker";
        CHECK(n8n::serving(asked.asking, facts).what.is_null());
    }
    SECTION("one whose log the engine cannot read does not tell") {
        Asked other;
        CHECK(n8n::serving(other.asking, facts).what.is_null());
    }
}

TEST_CASE("n8n serves again once the workflows that were active are", "[serving]") {
    const n8n::Activated before{true, {"a", "b"}, {"broken"}};
    const auto again = [&](const n8n::Activated& now) { return n8n::served_again(before, now); };
    CHECK(again({true, {"a", "b"}, {"broken"}}).missing.empty());
    CHECK(again({true, {"a"}, {}}).missing.empty());
    CHECK(again({true, {"a"}, {}}).noted.size() == 2);  // one was deactivated meanwhile
    SECTION("planted: ready, and its webhooks are not yet there") {
        CHECK(again({false, {"a"}, {}}).missing.front().find("(1 of 2)") != std::string::npos);
    }
    SECTION("planted: one cannot be activated") {
        CHECK(again({true, {"a"}, {"b"}}).missing.front() == "it could not activate 1 of 2 workflows again");
    }
    SECTION("planted: an empty database") { CHECK(again({true, {}, {}}).missing.size() == 1); }
    SECTION("a log that does not go back so far is said") {
        const n8n::Activated unknown{false, {}, {}};
        CHECK(n8n::served_again(unknown, before).missing.empty());
        CHECK(n8n::served_again(unknown, before).noted.size() == 1);
    }
}
