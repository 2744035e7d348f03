#include <catch2/catch.hpp>

#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

TEST_CASE("a comment within a folded command is an error", "[lint]") {
    const std::string id = "comment-in-command";
    const Finding folded = lint_of(
                               "services:\n  db:\n    image: postgres:17\n    command: >\n      postgres\n"
                               "      -c shared_buffers=256MB  # 25% of it\n")
                               .finding(id);
    CHECK(folded.service == "db");
    CHECK(folded.severity == Finding::Severity::kError);
    CHECK_FALSE(lint_of("services:\n  db:\n    image: postgres:17\n    command:\n      - postgres\n"
                        "      - -c\n      - shared_buffers=256MB  # 25% of it\n")
                    .says(id));
    SECTION("also alone, and where a later file has it as a list it is none") {
        LintProject two = lint_of("services:\n  db:\n    command: postgres # little\n");
        CHECK_FALSE(two.says(id));  // here YAML's own comment
        LintProject quoted = lint_of("services:\n  db:\n    command: 'postgres # little'\n");
        CHECK(quoted.says(id));
        quoted.file("/srv/shop/more.yaml", "services:\n  db:\n    command: [postgres]\n");
        CHECK_FALSE(quoted.says(id));
    }
    SECTION("but a shell's script, a colour, a channel and MQTT's wildcard are none") {
        CHECK_FALSE(lint_of("services:\n  a:\n    command: [mosquitto_sub, -t, '#']\n").says(id));
        CHECK_FALSE(lint_of("services:\n  a:\n    command: '--join \"#builds\" \"#releases\" now'\n").says(id));
        CHECK_FALSE(lint_of("services:\n  a:\n    command: sh -c 'echo a # b'\n").says(id));
        CHECK_FALSE(lint_of("services:\n  a:\n    command: 'mosquitto_sub -h broker -t # -v'\n").says(id));
        CHECK_FALSE(lint_of("services:\n  a:\n    command: 'convert --bg #fff in.png'\n").says(id));
        CHECK(lint_of("services:\n  a:\n    command: 'server --port=80 # the usual'\n").says(id));
        CHECK_FALSE(lint_of("services:\n  a:\n    command: [draw, --color, '#fff', out.png]\n").says(id));
    }
}
