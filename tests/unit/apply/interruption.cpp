#include "core/apply/interruption.h"

#include <catch2/catch.hpp>

#include "core/apply/announce.h"
#include "core/apply/happenings.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using Kind = ContainerEvent::Kind;

namespace {

const TimePoint kBegin = parse_time("2026-01-31T10:00:00Z");

TimePoint at(double seconds) { return kBegin + std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds{seconds}); }

ContainerEvent event(Kind kind, double seconds, const std::string& container, const std::string& service = "web") {
    ContainerEvent result;
    result.kind = kind;
    result.time = at(seconds);
    result.container = container;
    result.project = "shop";
    result.service = service;
    return result;
}

std::string line(const std::string& action, double seconds, const std::string& id, const std::string& label,
                 const std::string& value, const std::string& service = "") {
    nlohmann::json attributes{{label, value}};
    if (!service.empty()) {
        attributes["com.docker.compose.service"] = service;
    }
    return nlohmann::json{{"Type", "container"},
                          {"Action", action},
                          {"Actor", {{"ID", id}, {"Attributes", attributes}}},
                          {"timeNano", at(seconds).time_since_epoch().count()}}
               .dump() +
           "\n";
}

/// So much time passes with every look at it.
class SteppingClock final : public Clock {
  public:
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        now_ += std::chrono::duration_cast<std::chrono::nanoseconds>(step);
        return std::chrono::steady_clock::time_point{now_};
    }
    [[nodiscard]] TimePoint now() const override { return kBegin; }
    Seconds step{2};

  private:
    mutable std::chrono::nanoseconds now_{0};
};

Interruption measured(double stop, double replace, double start, double spacing = 5) {
    return {"", stop, replace, start, spacing};
}

}  // namespace

TEST_CASE("an interruption lasts from the signal until the next container serves", "[interruption]") {
    std::vector<ContainerEvent> events{event(Kind::kKill, 1, "old"),    event(Kind::kKill, 1.1, "else", "db"),
                                       event(Kind::kKill, 1.4, "old"),  event(Kind::kDie, 1.5, "old"),
                                       event(Kind::kStart, 2, "new"),   event(Kind::kDie, 2.5, "else", "db"),
                                       event(Kind::kHealthy, 5, "new"), event(Kind::kHealthy, 6, "other", "db")};
    SECTION("with a health check: until it says healthy") {
        const auto one = interruption_of(events, "web", at(9));
        REQUIRE(one);
        CHECK(one->stop == Approx(0.5));
        CHECK(one->replace == Approx(0.5));
        CHECK(one->start == Approx(3));
        CHECK(one->away() == Approx(4));
    }
    SECTION("without one: until it was seen to listen, or was started") {
        events.erase(events.begin() + 6);
        CHECK(interruption_of(events, "web", at(3))->away() == Approx(2));
        CHECK(interruption_of(events, "web", {})->away() == Approx(1));
    }
    SECTION("nobody was without it when the next one served first") {
        const std::vector<ContainerEvent> swapped{event(Kind::kStart, 1, "new"), event(Kind::kHealthy, 2, "new"),
                                                  event(Kind::kKill, 3, "old"), event(Kind::kDie, 4, "old")};
        CHECK(interruption_of(swapped, "web", {})->away() == 0);
    }
    SECTION("of two containers: from the first signal to the last one that is healthy") {
        const std::vector<ContainerEvent> two{event(Kind::kKill, 1, "a"),    event(Kind::kDie, 2, "a"),
                                              event(Kind::kStart, 3, "c"),   event(Kind::kKill, 4, "b"),
                                              event(Kind::kDie, 5, "b"),     event(Kind::kStart, 6, "d"),
                                              event(Kind::kHealthy, 7, "c"), event(Kind::kHealthy, 8, "d")};
        CHECK(interruption_of(two, "web", {})->away() == Approx(7));
    }
    SECTION("one that falls ill later and recovers was there before") {
        events.push_back(event(Kind::kHealthy, 65, "new"));
        CHECK(interruption_of(events, "web", at(9))->away() == Approx(4));
        events.push_back(event(Kind::kStart, 66, "second"));
        events.push_back(event(Kind::kHealthy, 68, "second"));  // planted: another one was not
        CHECK(interruption_of(events, "web", at(9))->away() == Approx(67));
    }
    SECTION("it is told beside what was announced, where that was") {
        const auto one = interruption_of(events, "web", at(9));
        CHECK(was_away("web", *one, {}) == "web was away for 4.0 s");
        AnnouncedInterruption announced;
        announced.at_most = 5;
        CHECK(was_away("web", *one, {{"web", announced}}) == "web was away for 4.0 s (announced: at most 5.0 s)");
        CHECK(was_away("web", *one, {{"db", announced}}) == "web was away for 4.0 s");
    }
    SECTION("planted: what was not replaced was not interrupted") {
        CHECK_FALSE(interruption_of(events, "api", at(9)));
        CHECK_FALSE(interruption_of({event(Kind::kKill, 1, "old"), event(Kind::kDie, 2, "old")}, "web", at(9)));
    }
}

TEST_CASE("what is announced is the slowest that was measured and a quarter more", "[interruption]") {
    InterruptionBounds bounds;
    bounds.spacing = 5;
    bounds.give_up = 60;
    const auto announced =
        announce_interruption({measured(0.2, 0.5, 5.1), measured(0.3, 0.6, 5.2), measured(9, 9, 30, 30)}, bounds);
    CHECK(announced.measured == 2);
    CHECK(announced.at_most == Approx(1.25 * 6.1));
    SECTION("so that what happens again within a quarter is at most it, and it at most one and a half times that") {
        for (const double happens : {6.1 / 1.2, 6.1, 6.1 * 1.25}) {
            CHECK(happens <= announced.at_most);
            CHECK(announced.at_most <= 1.5 * happens + 1e-9);
        }
    }
    CHECK(words(announced).find("slowest of 2 measured") != std::string::npos);
    SECTION("and at least 200 ms more, which is what a busy engine takes") {
        bounds.spacing = 0;
        CHECK(announce_interruption({measured(0.1, 0.183, 0, 0)}, bounds).at_most == Approx(0.283 + 0.2));
        CHECK(announce_interruption({measured(0.1, 0.7, 0, 0)}, bounds).at_most == Approx(1.0));
    }
}

TEST_CASE("what was never measured is bounded, part by part, and that is said", "[interruption]") {
    InterruptionBounds bounds;
    bounds.grace = 10;
    bounds.compose = Seconds{time_for_compose(Direction::kForward, 10)}.count();
    bounds.give_up = 60;
    bounds.spacing = 5;
    SECTION("what is announced is never less than the time-out of docker compose and that of the gate") {
        for (const Direction direction : {Direction::kForward, Direction::kBack}) {
            for (const int grace : {0, 1, 10, 600}) {
                bounds.grace = grace;
                bounds.compose = Seconds{time_for_compose(direction, grace)}.count();
                CHECK(announce_interruption({}, bounds).at_most >= bounds.compose + bounds.give_up);
            }
        }
        CHECK(time_for_compose(Direction::kBack, 10) > time_for_compose(Direction::kForward, 10));
    }
    SECTION("nothing at all was seen") {
        const auto announced = announce_interruption({}, bounds);
        CHECK(announced.at_most == Approx(10 + (120 + 10) + 60));
        CHECK(words(announced).find("stop_grace_period") != std::string::npos);
        CHECK(words(announced).find("no start was seen") != std::string::npos);
    }
    SECTION("parts were seen elsewhere") {
        bounds.stop = 0.4;
        bounds.replace = 0.8;
        bounds.starts = {{5.3, 5}};
        const auto announced = announce_interruption({}, bounds);
        CHECK(announced.at_most == Approx(1.25 * (0.4 + 0.8 + 5.3)));
        CHECK(words(announced).find("no stop") == std::string::npos);
    }
    SECTION("a container of ours was replaced without docker compose, whose own steps come to it") {
        bounds.stop = 0.1;
        bounds.replace = 0.2;
        bounds.starts = {{0, 5}};
        CHECK(announce_interruption({}, bounds).at_most == Approx(1.25 * 0.3));
        bounds.replaced_by_us = true;
        const auto announced = announce_interruption({}, bounds);
        CHECK(announced.at_most == Approx(1.25 * 0.8));
        CHECK(words(announced).find("700 ms to be replaced (as a trial container, and 500 ms for docker compose)") !=
              std::string::npos);
    }
    SECTION("a stop never takes longer than its grace period") {
        bounds.stop = 10;
        bounds.replace = 0;
        bounds.starts = {{0, 5}};
        CHECK(announce_interruption({}, bounds).at_most == Approx(10));
    }
    SECTION("measured with another health check: its stop counts, its start as the slowest seen") {
        const auto announced = announce_interruption({measured(0.2, 0.4, 30, 30)}, bounds);
        CHECK(announced.measured == 0);
        CHECK(announced.at_most == Approx(1.25 * 30.6));
        CHECK(announced.look == 0);
    }
    SECTION("measured with one that looked more often: the next look may come as late as the interval is long") {
        bounds.spacing = 30;
        const auto announced = announce_interruption({measured(0.2, 0.4, 2, 0.5)}, bounds);
        CHECK(announced.at_most == Approx(1.25 * 32.6));
        CHECK(words(announced).find("32 s to start (the slowest seen, and 30 s until its health check looks again)") !=
              std::string::npos);
        SECTION("also one that was only seen; none that looked as seldom tells more") {
            bounds.starts = {{2, 0.5}};
            CHECK(announce_interruption({}, bounds).start == Approx(32));
            bounds.starts = {{2, 0.5}, {31.5, 30}};
            const auto both = announce_interruption({}, bounds);
            CHECK(both.start == Approx(31.5));
            CHECK(both.look == 0);
        }
    }
}

TEST_CASE("what the engine remembers tells how long stops took", "[interruption]") {
    const std::string compose = "com.docker.compose.project";
    const std::string throwaway = "io.pilotpros.throwaway";
    const std::string body =
        line("kill", 1, "a", compose, "shop", "web") + line("die", 1.5, "a", compose, "shop", "web") +
        line("die", 3, "b", compose, "shop", "api") + line("kill", 1, "c", compose, "other", "web") +
        line("die", 9, "c", compose, "other", "web") + line("create", 1, "t", throwaway, "x") +
        line("start", 1.4, "t", throwaway, "x") + line("die", 2, "t", throwaway, "x") +
        line("destroy", 2.1, "t", throwaway, "x") + "nonsense\n";
    const RecentTimes times = read_recent_times(body, "shop");
    REQUIRE(times.stops.size() == 1);  // who ended by itself was not stopped; another project's stop is not ours
    CHECK(times.stops.at("web") == Approx(0.5));
    CHECK(times.replace.value_or(0) == Approx(0.5));
}

TEST_CASE("the last five of each service are kept", "[interruption]") {
    MemoryFiles files;
    InterruptionStore store{files, "/state/E/shop"};
    CHECK(store.read().empty());
    for (int number = 1; number <= 7; ++number) {
        store.add({{"web", {measured(number, 0, 0)}}});
    }
    REQUIRE(store.read().at("web").size() == 5);
    CHECK(store.read().at("web").front().stop == 3);
    files.contents["/state/E/shop/interruptions.json"] = R"({"format":1,"services":{"web":7}})";
    CHECK(store.read().empty());
    files.contents["/state/E/shop/interruptions.json"] = "{";
    CHECK(store.read().empty());
}

TEST_CASE("how often a health check looks while the service starts", "[interruption]") {
    const auto spacing = [](const nlohmann::json& check) {
        return probe_spacing(coming_check({{"healthcheck", check}}, nullptr));
    };
    CHECK(probe_spacing(coming_check(nlohmann::json::object(), nullptr)) == 0);
    CHECK(spacing({{"test", {"NONE"}}}) == 0);
    CHECK(spacing({{"test", {"CMD", "true"}}}) == 30);
    CHECK(spacing({{"interval", "5s"}, {"start_interval", "500ms"}}) == 5);
    CHECK(spacing({{"interval", "5s"}, {"start_period", "1m0s"}, {"start_interval", "500ms"}}) == 0.5);
    SECTION("one that the image brings holds where the files name none, and not where they disable it") {
        ServiceObservation service;
        service.containers.emplace_back().healthcheck = Healthcheck{};
        service.containers.front().healthcheck->test = {Secret{"CMD"}, Secret{"true"}};
        service.containers.front().healthcheck->interval = Seconds{7};
        CHECK(probe_spacing(coming_check(nlohmann::json::object(), &service)) == 7);
        CHECK(probe_spacing(coming_check({{"healthcheck", {{"disable", true}}}}, &service)) == 0);
        service.containers.front().healthcheck->test = {Secret{"NONE"}};
        CHECK(probe_spacing(coming_check(nlohmann::json::object(), &service)) == 0);
    }
}

TEST_CASE("what happens to a project's containers is kept while somebody waits for the engine", "[interruption]") {
    const auto told = [](const std::string& action, double seconds, const std::string& id) {
        return line(action, seconds, id, "com.docker.compose.project", "shop", "web");
    };
    testing::MemoryEngine engine;
    SteppingClock clock;
    SECTION("each event once") {
        engine.answer("GET /events", 200, told("oom", 1, "x") + told("kill", 2, "y"));
        engine.answer("GET /events", 200, "");
        Happenings happenings{engine, clock, "shop"};
        CHECK_FALSE(happenings.oom_killed("x"));
        happenings.catch_up();
        CHECK(happenings.oom_killed("x"));
        CHECK_FALSE(happenings.oom_killed("y"));  // planted: a signal is no lack of memory
        CHECK(happenings.events().size() == 2);
    }
    SECTION("a stream that breaks off is gone on with where it was, and what was told comes only once") {
        engine.answer("GET /events", 200, told("kill", 1, "x") + told("die", 2, "x"), {{"cut", "1"}});
        engine.answer("GET /events", 200, told("die", 2, "x") + told("oom", 3, "y"));
        engine.answer("GET /events", 200, "");
        Happenings happenings{engine, clock, "shop"};
        engine.pump({});
        CHECK(happenings.oom_killed("y"));
        CHECK_FALSE(happenings.oom_killed("x"));
        CHECK(happenings.events().size() == 3);
        REQUIRE(engine.asked.size() >= 2);
        CHECK(engine.asked.front().query.size() == 1);
        CHECK(engine.asked.at(1).query.back() == std::pair<std::string, std::string>{"since", "1769853602.000000000"});
    }
    SECTION("a stream that broke off before anything was told begins where we began to listen") {
        engine.answer("GET /events", 200, "", {{"cut", "1"}});
        engine.answer("GET /events", 200, told("oom", 3, "y"));
        Happenings happenings{engine, clock, "shop"};
        happenings.catch_up();
        CHECK(happenings.oom_killed("y"));
        CHECK(engine.asked.at(1).query.back() == std::pair<std::string, std::string>{"since", "1769853600.000000000"});
    }
    SECTION("an engine that refuses them, or ends them at once each time, leaves something unseen, which is said") {
        clock.step = Seconds{0};
        SECTION("refused") { engine.answer("GET /events", 403, R"({"message":"denied"})"); }
        SECTION("ended at once each time") { engine.answer("GET /events", 200, ""); }
        Happenings happenings{engine, clock, "shop"};
        CHECK(happenings.unheard().empty());
        for (int look = 0; look < 10; ++look) {
            happenings.catch_up();
        }
        CHECK(happenings.unheard().find("killed for lack of memory") != std::string::npos);
        CHECK(happenings.unheard().find("status ") != std::string::npos);
        const std::size_t asked = engine.asked.size();
        CHECK(asked <= 5);
        CHECK_FALSE(happenings.oom_killed("x"));
        CHECK(engine.asked.size() == asked);  // it was given up
    }
}
