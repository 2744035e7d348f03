#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "core/bundle/merge_override.h"

using namespace pilotpros;

namespace {

const std::string kHead = "# head\nservices:\n";
const std::string kDb = "  db:\n    # memory: r\n    mem_limit: \"1g\"\n";
const std::string kWeb = "  web:\n    # memory: r\n    mem_limit: \"2g\"\n";

}  // namespace

TEST_CASE("parts of other services stay in the override", "[bundle]") {
    for (const Replace replace : {Replace::kServices, Replace::kValues}) {
        CHECK(merge_override("", kHead + kWeb, replace) == kHead + kWeb);
        CHECK(merge_override(kHead + kWeb, kHead + kWeb, replace) == kHead + kWeb);
        const std::string both = fmt::format("{}{}{}", kHead, kDb, kWeb);
        CHECK(merge_override(kHead + kDb, kHead + kWeb, replace) == both);
        CHECK(merge_override(kHead + kDb, "# another\nservices:\n" + kDb, replace) == "# another\nservices:\n" + kDb);
    }
}

TEST_CASE("a hand in the override takes no service out of it", "[bundle]") {
    const std::string both = fmt::format("{}{}{}", kHead, kDb, kWeb);
    const std::string more = kHead + "  db:\n    # memory: r\n    mem_limit: \"4g\"\n";
    const std::string expected = fmt::format("{}  db:\n    # memory: r\n    mem_limit: \"4g\"\n{}", kHead, kWeb);
    CHECK(merge_override(both, more, Replace::kServices) == expected);
    CHECK(merge_override(fmt::format("{}{}\n\n{}", kHead, kDb, kWeb), more, Replace::kServices) == expected);
    const std::string noted = merge_override(fmt::format("{}{}# mine\n{}", kHead, kDb, kWeb), more, Replace::kServices);
    CHECK(noted.find("mem_limit: \"2g\"") != std::string::npos);
    CHECK(noted.find("# mine\n") != std::string::npos);
}

TEST_CASE("what other advisors wrote of a service stays where only some were asked", "[bundle]") {
    const std::string standing = kHead +
                                 "  web:\n"
                                 "    environment:\n"
                                 "      # heap: r\n"
                                 "      NODE_OPTIONS: \"--max-old-space-size=256\"\n"
                                 "    healthcheck:\n"
                                 "      # healthcheck.interval: old\n"
                                 "      interval: \"30s\"\n"
                                 "      # healthcheck.test: r\n"
                                 "      test:\n"
                                 "        - \"CMD\"\n"
                                 "        - \"true\"\n"
                                 "    # memory: r\n"
                                 "    mem_limit: \"1g\"\n"
                                 "    volumes:\n"
                                 "      - \"./a:/a\"\n";
    const std::string fresh = kHead +
                              "  web:\n"
                              "    healthcheck:\n"
                              "      # healthcheck.interval: new\n"
                              "      interval: \"10s\"\n"
                              "    volumes:\n"
                              "      - \"./b:/b\"\n";
    SECTION("values are replaced one by one, lists that add up are added to") {
        CHECK(merge_override(standing, fresh, Replace::kValues) ==
              kHead +
                  "  web:\n"
                  "    environment:\n"
                  "      # heap: r\n"
                  "      NODE_OPTIONS: \"--max-old-space-size=256\"\n"
                  "    healthcheck:\n"
                  "      # healthcheck.interval: new\n"
                  "      interval: \"10s\"\n"
                  "      # healthcheck.test: r\n"
                  "      test:\n"
                  "        - \"CMD\"\n"
                  "        - \"true\"\n"
                  "    # memory: r\n"
                  "    mem_limit: \"1g\"\n"
                  "    volumes:\n"
                  "      - \"./a:/a\"\n"
                  "      - \"./b:/b\"\n");
    }
    SECTION("a list of another value replaces the one that stands") {
        const std::string other = kHead +
                                  "  web:\n"
                                  "    healthcheck:\n"
                                  "      test:\n"
                                  "        - \"NONE\"\n";
        const std::string merged = merge_override(standing, other, Replace::kValues);
        CHECK(merged.find("- \"NONE\"") != std::string::npos);
        CHECK(merged.find("- \"true\"") == std::string::npos);
        CHECK(merged.find("interval: \"30s\"") != std::string::npos);
    }
    SECTION("where all were asked, the service is what is fresh") {
        CHECK(merge_override(standing, fresh, Replace::kServices) == fresh);
    }
    SECTION("doing it twice is doing it once") {
        const std::string once = merge_override(standing, fresh, Replace::kValues);
        CHECK(merge_override(once, fresh, Replace::kValues) == once);
    }
}

TEST_CASE("keys keep the order of the writer, quoted or not", "[bundle]") {
    const std::string fresh = kHead +
                              "  \"a.b\":\n"
                              "    # memory: r\n"
                              "    mem_limit: \"1g\"\n"
                              "  aa:\n"
                              "    # memory: r\n"
                              "    mem_limit: \"1g\"\n"
                              "  \"x: y\":\n"
                              "    # memory: r\n"
                              "    mem_limit: \"1g\"\n";
    CHECK(merge_override("", fresh, Replace::kValues) == fresh);
    CHECK(merge_override(fresh, fresh, Replace::kServices) == fresh);
}
