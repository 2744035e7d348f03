#include "core/advise/logging.h"

#include <catch2/catch.hpp>

#include "tests/unit/advise/health_case.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

TEST_CASE("logs that grow without bound are rotated", "[logging]") {
    HealthCase seen;
    ServiceObservation& service = seen.add("a", "", Json::object());
    Container& container = service.containers.front();
    const auto size = [&] {
        const Advice advice = advise_logging(seen.input());
        const Change* const change = change_of(advice, "a", "logging.max-size");
        return change == nullptr ? std::string{} : change->after.get<std::string>();
    };
    const auto why = [&] { return why_left(advise_logging(seen.input()), "a", "logging"); };
    CHECK(size() == "10m");
    CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-file")->target.path ==
          std::vector<std::string>{"logging", "options", "max-file"});

    SECTION("by what it was seen to write") {
        const auto writes = [&](Bytes a_second) {
            service.kept.samples = 1;
            service.kept.log = {30, 30 * a_second};
            return size();
        };
        CHECK(writes(0) == "10m");
        CHECK(writes(360) == "10m");
        CHECK(writes(400) == "30m");
        CHECK(writes(1000) == "30m");
        CHECK(writes(1200) == "100m");
        CHECK(writes(100'000) == "100m");
        CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-size")->reason.find("hold the last") !=
              std::string::npos);
        service.kept.log = {5, 500'000};
        CHECK(size() == "10m");  // a few seconds are no measure
        CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-size")->reason.find("not measured") !=
              std::string::npos);
        seen.written["a"]["logging.max-size"] = "30m";
        CHECK(writes(1400) == "30m");
        CHECK(writes(1600) == "100m");
        CHECK(writes(200) == "30m");
        CHECK(writes(1) == "10m");
    }
    SECTION("not where the daemon rotates already") {
        container.log_options["max-size"] = "50m";
        CHECK(size().empty());
        CHECK(why().find("50m") != std::string::npos);
        SECTION("unless that is what we wrote") {
            seen.written["a"]["logging.max-size"] = "10m";
            CHECK(size() == "10m");
        }
        SECTION("which what was shown alone is not") {
            seen.advised["a"]["logging.max-size"] = "10m";
            CHECK(size().empty());
        }
        SECTION("also where that was a wish of the user's, which is gone") {
            seen.written["a"]["logging.max-size"] = "";
            CHECK(size() == "10m");
        }
    }
    SECTION("not where the daemon's size reaches a driver that the user names") {
        container.log_options["max-size"] = "50m";
        seen.project.services["a"].resolved["logging"] = {{"driver", "json-file"}, {"options", {{"labels", "team"}}}};
        CHECK(size().empty());
        CHECK(why().find("the daemon's configuration rotates at 50m") != std::string::npos);
    }
    SECTION("not where another driver keeps them") {
        for (const char* driver : {"local", "journald", "none"}) {
            container.log_driver = driver;
            CHECK(size().empty());
            CHECK_FALSE(why().empty());
        }
    }
    SECTION("not where the user says a size") {
        seen.project.services["a"].resolved["logging"] = {{"driver", "json-file"}, {"options", {{"max-size", "5m"}}}};
        CHECK(size().empty());
        CHECK(why() == "yours rotates at 5m");
    }
    SECTION("a max-file of the user's stays") {
        seen.project.services["a"].resolved["logging"] = {{"driver", "json-file"}, {"options", {{"max-file", "7"}}}};
        CHECK(size() == "10m");
        CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-file") == nullptr);
        SECTION("and as many hold the day") {
            service.kept.samples = 1;
            service.kept.log = {30, 30 * 800};  // 69 MB a day: 23 MB each of three, 10 MB each of seven
            CHECK(size() == "10m");
            service.kept.log = {30, 30 * 10'000};
            CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-size")->reason.find("7 files hold") !=
                  std::string::npos);
        }
    }
    SECTION("a max-file of the daemon's stays") {
        container.log_options["max-file"] = "1";
        service.kept.samples = 1;
        service.kept.log = {30, 30 * 2000};
        CHECK(size() == "100m");
        CHECK(
            change_of(advise_logging(seen.input()), "a", "logging.max-size")->reason.find("one file holds the last") !=
            std::string::npos);
        CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-file") == nullptr);
        SECTION("unless it is ours") {
            seen.written["a"]["logging.max-file"] = "3";
            CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-file") != nullptr);
        }
    }
    SECTION("not where nobody knows the driver") {
        service.containers.clear();
        CHECK(size().empty());
        CHECK(why().starts_with("insufficient evidence"));
    }
    SECTION("a number of files alone gets a size, without which it does nothing") {
        seen.wishes["a"].pinned["logging.max-file"] = "5";
        CHECK(size() == "10m");
        CHECK(change_of(advise_logging(seen.input()), "a", "logging.max-file")->after == "5");
        SECTION("not beside the user's own") {
            seen.project.services["a"].resolved["logging"] = {{"options", {{"max-size", "5m"}}}};
            CHECK(size().empty());
        }
    }
    SECTION("a pin that the driver would refuse is not written") {
        seen.wishes["a"].pinned["logging.max-size"] = "1g";
        container.log_driver = "journald";
        CHECK(size().empty());
        CHECK(why_left(advise_logging(seen.input()), "a", "logging.max-size").find("journald") != std::string::npos);
        container.log_driver = "local";
        CHECK(size() == "1g");
    }
    SECTION("a pin is written as it is, an exclusion heard") {
        seen.wishes["a"].pinned["logging.max-size"] = "1g";
        CHECK(size() == "1g");
        seen.wishes["a"].excluded.insert("logging");
        CHECK(size().empty());
    }
}
