#include <catch2/catch.hpp>

#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

LintProject node_with(const std::string& options, const std::string& more = "") {
    return lint_of("services:\n  api:\n    image: node:22\n" + more + "    environment:\n      NODE_OPTIONS: \"" +
                   options + "\"\n");
}

}  // namespace

TEST_CASE("an option that node refuses in NODE_OPTIONS is an error", "[lint]") {
    const Finding refused = node_with("--max-old-space-size=512 --optimize-for-size").finding("node-options-refused");
    CHECK(refused.service == "api");
    CHECK(refused.severity == Finding::Severity::kError);
    CHECK(contains(refused.what, "--optimize-for-size"));
    CHECK(contains(refused.fix, "NODE_OPTIONS: \"--max-old-space-size=512\""));
    CHECK_FALSE(refused.harm.empty());
    CHECK_FALSE(refused.source.empty());
    CHECK(node_with("--optimize_for_size").says("node-options-refused"));
    CHECK(node_with("--gc-interval=100").says("node-options-refused"));
    CHECK(node_with("--stack-size=4000").says("node-options-refused"));
    CHECK_FALSE(node_with("--max-old-space-size=512").says("node-options-refused"));
    CHECK_FALSE(node_with("${MORE} --optimize-for-size").says("node-options-refused"));
    for (const char* option : {"--gc-global", "--nolazy", "--no-opt", "--min-semi-space-size=16", "--trace-gc-verbose",
                               "--env-file=.env", "--test"}) {
        CAPTURE(option);
        CHECK(node_with(option).says("node-options-refused"));
    }
    SECTION("so is a number of which quotes of its own make two options") {
        const auto listed = [](const std::string& entry) {
            return lint_of("services:\n  api:\n    image: node:22\n    environment:\n      - " + entry + "\n");
        };
        const Finding two = listed(R"(NODE_OPTIONS="--max-old-space-size=512 --max-semi-space-size=16")")
                                .finding("node-options-refused");
        CHECK(contains(two.what, "quotes"));
        CHECK_FALSE(listed(R"("NODE_OPTIONS=--max-old-space-size=512 --max-semi-space-size=16")").says(two.id));
        CHECK_FALSE(listed(R"(NODE_OPTIONS="--max-old-space-size=512")").says(two.id));
        CHECK_FALSE(listed(R"(NODE_OPTIONS=--max-old-space-size=512 --require "a -b")").says(two.id));
    }
    SECTION("and before what runs in node") {
        const auto runs = [](const std::string& command) {
            return lint_of("services:\n  api:\n    image: node:22\n    command: [sh, -c, \"" + command + "\"]\n")
                .says("node-options-refused");
        };
        CHECK(runs("NODE_OPTIONS=--optimize-for-size npm run build"));
        CHECK(runs("NODE_OPTIONS='--max-old-space-size=4096 --optimize-for-size' npm run build"));
        CHECK(runs("NODE_OPTIONS=--optimize-for-size yarn develop"));
        CHECK_FALSE(runs("NODE_OPTIONS=--optimize-for-size echo"));
    }
    for (const char* option : {"--expose-gc", "--max-semi-space-size=16", "--test-only", "--heap-prof"}) {
        CAPTURE(option);
        CHECK_FALSE(node_with(option).says("node-options-refused"));
    }
}

TEST_CASE("an option that a later node takes is refused by the earlier one alone", "[lint]") {
    const auto in_image = [](const char* image, const char* option) {
        return lint_of(std::string{"services:\n  api:\n    image: "} + image +
                       "\n    environment:\n      NODE_OPTIONS: " + option + "\n")
            .says("node-options-refused");
    };
    CHECK(in_image("node:20-alpine", "--cpu-prof"));
    CHECK_FALSE(in_image("node:22", "--cpu-prof"));
    CHECK_FALSE(in_image("shop/api", "--cpu-prof"));
    CHECK(in_image("node:22.11", "--max-heap-size=200"));
    CHECK_FALSE(in_image("node:lts", "--max-heap-size=200"));  // the newest that was tried takes it
    CHECK_FALSE(in_image("node:24", "--max-heap-size=200"));
    CHECK(in_image("node:jod-alpine", "--max-heap-size=200"));
    SECTION("and bun reads none") {
        CHECK_FALSE(in_image("oven/bun:1", "--optimize-for-size"));
        CHECK_FALSE(lint_of("services:\n  api:\n    image: shop/api\n    command: bun run a.ts\n    environment:\n"
                            "      NODE_OPTIONS: --optimize-for-size\n")
                        .says("node-options-refused"));
        CHECK(lint_of("services:\n  api:\n    image: shop/api\n    command: node bun.js\n    environment:\n"
                      "      NODE_OPTIONS: --optimize-for-size\n")
                  .says("node-options-refused"));
    }
}

TEST_CASE("NODE_OPTIONS that a shell is told before node counts as well", "[lint]") {
    const std::string id = "node-options-refused";
    const auto with = [](const std::string& command) {
        return lint_of("services:\n  api:\n    image: node:22\n    command: " + command + "\n");
    };
    const Finding refused = with("sh -c \"NODE_OPTIONS=--optimize-for-size node a.js\"").finding(id);
    CHECK(refused.severity == Finding::Severity::kError);
    CHECK(contains(refused.what, "--optimize-for-size"));
    CHECK(contains(refused.fix, "in the command"));
    CHECK(with("[sh, -c, 'NODE_OPTIONS=\"--max-old-space-size=64 --gc-interval=9\" exec node a.js']").says(id));
    for (const char* const right :
         {"sh -c \"NODE_OPTIONS=--max-old-space-size=64 node a.js\"", "sh -c \"node --optimize-for-size a.js\"",
          "sh -c \"NODE_OPTIONS=--optimize-for-size ./migrate && node a.js\"",
          "[echo, NODE_OPTIONS=--optimize-for-size, node]", "sh -c \"NODE_OPTIONS=$$MORE node a.js\""}) {
        CAPTURE(right);
        CHECK_FALSE(with(right).says(id));
    }
}

TEST_CASE("what else NODE_OPTIONS holds is not repeated by a lint finding", "[lint]") {
    const Finding refused = node_with("--optimize-for-size --require=/run/secret-7f").finding("node-options-refused");
    CHECK(refused.id == "node-options-refused");
    CHECK_FALSE(contains(refused.what + refused.fix, "secret-7f"));
}

TEST_CASE("an environment that is written as a list is read as well as a map", "[lint]") {
    CHECK(lint_of("services:\n  api:\n    environment:\n      - NODE_OPTIONS=--max-heap-size=200\n")
              .says("node-options-refused"));
}

TEST_CASE("a heap above the memory limit is an error", "[lint]") {
    const Finding above = node_with("--max-old-space-size=1024", "    mem_limit: 768m\n").finding("heap-above-limit");
    CHECK(above.severity == Finding::Severity::kError);
    CHECK(contains(above.what, "1.00 GiB"));
    CHECK(contains(above.what, "768 MiB"));
    CHECK(contains(node_with("--max-old-space-size=2048", "    mem_limit: 512m\n").finding("heap-above-limit").fix,
                   "--max-old-space-size=369 at most"));
    CHECK_FALSE(node_with("--max-old-space-size=512", "    mem_limit: 768m\n").says("heap-above-limit"));
    CHECK_FALSE(node_with("--max-old-space-size=1024").says("heap-above-limit"));
    CHECK_FALSE(node_with("--max-old-space-size=${HEAP}", "    mem_limit: 768m\n").says("heap-above-limit"));
}

TEST_CASE("the heap of n8n's task runner counts as well", "[lint]") {
    const auto with_runner = [](const std::string& limit) {
        return lint_of("services:\n  n8n:\n    image: n8nio/n8n:1.100.0\n    mem_limit: " + limit +
                       "\n    environment:\n      NODE_OPTIONS: --max-old-space-size=512\n"
                       "      N8N_RUNNERS_MAX_OLD_SPACE_SIZE: \"512\"\n");
    };
    CHECK(with_runner("768m").says("heap-above-limit"));
    CHECK_FALSE(with_runner("1536m").says("heap-above-limit"));
}

TEST_CASE("what an advisor said of a service is said once, by its own name", "[lint]") {
    LintProject built = node_with("--max-old-space-size=1024", "    mem_limit: 768m\n");
    Finding said;
    said.service = "api";
    said.id = "memory-flag-above-limit";
    built.input.said = {said};
    CHECK(built.says("heap-above-limit"));
    CHECK_FALSE(built.says("memory-flag-above-limit"));
    built.input.said.front().service = "other";
    CHECK(built.says("heap-above-limit"));
    CHECK(built.says("memory-flag-above-limit"));
}
