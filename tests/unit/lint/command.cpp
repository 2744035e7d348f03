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
    SECTION("also one that is taken from another file; one of the same file is told itself") {
        const std::string of_base = "services:\n  base:\n    command: 'postgres # little'\n";
        CHECK(lint_of(of_base + "  db:\n    extends: base\n").findings(id).size() == 1);
        LintProject two = lint_of("services:\n  db:\n    extends: {file: parts/common.yaml, service: base}\n");
        CHECK_FALSE(two.says(id));
        two.input.texts["/srv/shop/parts/common.yaml"] = of_base;
        CHECK(two.finding(id).service == "db");
        two.input.texts["/srv/shop/parts/common.yaml"] =
            "services: {base: {extends: {file: ../deep.yaml, service: it}}}\n";
        two.input.texts["/srv/shop/deep.yaml"] = "services:\n  it:\n    command: 'postgres # little'\n";
        CHECK(two.says(id));
        two.input.texts["/srv/shop/deep.yaml"] = "services: {it: {extends: {file: deep.yaml, service: it}}}\n";
        CHECK_FALSE(two.says(id));  // one that never ends is Compose's to refuse
        LintProject own = lint_of(
            "services:\n  db:\n    extends: {file: common.yaml, service: base}\n"
            "    command: [postgres]\n");
        own.input.texts["/srv/shop/common.yaml"] = of_base;
        CHECK_FALSE(own.says(id));
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
    SECTION("behind an option that takes no value, and at the begin of a line it is always one") {
        const auto says = [&](const std::string& command) {
            return lint_of("services:\n  a:\n    image: x\n    command: " + command + "\n").says(id);
        };
        CHECK(says(">\n      uvicorn app:app --host 0.0.0.0 --reload\n      # reload for development"));
        CHECK(says(">\n      server --port 80\n      #--debug"));
        CHECK(says(">-\n      server --port 80\n      #--debug"));
        CHECK(says(">\r\n      server --port 80\r\n      #--debug\r\n"));
        CHECK(says("&server !override >\n      server --port 80\n      #--debug"));
        CHECK(says("|\n      server --port 80\n      #--debug"));
        CHECK(says(">\n      #--debug\n      server --port 80"));
        CHECK(says(">\n      server --verbose\n\n      # -q"));
        CHECK(says(">\n      server --verbose # be chatty\n      --port 80"));
        CHECK_FALSE(says(">\n      mosquitto_sub -h broker\n      -t # -v"));
        CHECK_FALSE(says(">\n      mosquitto_sub -h broker\n      -t #"));
        CHECK_FALSE(says(">\n      --nick bot\n      --channel\n      #general"));
        CHECK_FALSE(says(">\n      mosquitto_sub -h broker -t\n      'a/#'\n    # -v"));
        CHECK_FALSE(says(">\n      sh -c 'prepare\n      # then\n      serve'"));
    }
}
