#include <catch2/catch.hpp>

#include "core/apps/node/merge_options.h"
#include "core/apps/node/options.h"

using namespace pilotpros::apps::node;

namespace {

using Words = std::vector<std::string>;

std::string merged(const std::string& text, const Words& flags, bool interpolated = true) {
    return merge_options(text, flags, interpolated);
}

}  // namespace

TEST_CASE("node options: heap flags are replaced where they stand, all else keeps its place", "[node][merge_options]") {
    const auto [before, after] = GENERATE(table<std::string, std::string>({
        {"", "--max-old-space-size=96"},
        {"--enable-source-maps", "--enable-source-maps --max-old-space-size=96"},
        {"--max-old-space-size=1024 --enable-source-maps", "--max-old-space-size=96 --enable-source-maps"},
        {"--max_old_space_size=1024", "--max-old-space-size=96"},
        {"\"--max-old-space-size=1024\" --no-warnings", "--max-old-space-size=96 --no-warnings"},
        {"--max-old-space-size=1 --no-warnings --max-old-space-size=2", "--no-warnings --max-old-space-size=96"},
        {"--max-old-space-size-percentage=80 --no-warnings", "--max-old-space-size=96 --no-warnings"},
        {"--title=\"a  b\" --no-warnings", "--title=\"a  b\" --no-warnings --max-old-space-size=96"},
        {"--title=\"say \\\"hi\\\" x\"", "--title=\"say \\\"hi\\\" x\" --max-old-space-size=96"},
        {"  --no-warnings   --trace-warnings ", "--no-warnings --trace-warnings --max-old-space-size=96"},
        {"--require ./--max-old-space-size=5.js", "--require ./--max-old-space-size=5.js --max-old-space-size=96"},
        {"--max-semi-space-size=16", "--max-semi-space-size=16 --max-old-space-size=96"},
    }));
    INFO(before);
    CHECK(merged(before, {"--max-old-space-size=96"}) == after);
    CHECK(merged(after, {"--max-old-space-size=96"}) == after);
}

TEST_CASE("node options: a ${…} stays as it is written, and ours comes after it", "[node][merge_options]") {
    const Words flags{"--max-old-space-size=96"};
    CHECK(merged("${EXTRA}", flags, false) == "${EXTRA} --max-old-space-size=96");
    CHECK(merged("${EXTRA:---max-old-space-size=2048 --no-warnings} --trace-warnings", flags, false) ==
          "${EXTRA:---max-old-space-size=2048 --no-warnings} --trace-warnings --max-old-space-size=96");
    CHECK(merged("--max-old-space-size=${MB:-512}", flags, false) ==
          "--max-old-space-size=${MB:-512} --max-old-space-size=96");
    CHECK(merged("--max-old-space-size=512 ${EXTRA}", flags, false) == "${EXTRA} --max-old-space-size=96");
    CHECK(merged("${EXTRA} --max-old-space-size=512", flags, false) == "${EXTRA} --max-old-space-size=96");
    CHECK(merged("${A:-${B:-x y}}", flags, false) == "${A:-${B:-x y}} --max-old-space-size=96");
    // A doubled $ is a literal one.
    CHECK(merged("--title=a$$b", flags, false) == "--title=a$$b --max-old-space-size=96");
}

TEST_CASE("node options: words are read as node reads them", "[node][merge_options]") {
    const auto* const text = GENERATE("--a=1 --b", "\"--a=x y\" c", "--a=\"q\\\" r\"  --b", "--x\t--y", "");
    Words read;
    for (const OptionWord& word : option_words(text, true)) {
        read.push_back(word.read);
    }
    CHECK(read == split_node_options(text));
}

TEST_CASE("node options: what may be confidential is not copied, and named without its value",
          "[node][merge_options]") {
    SECTION("harmless") {
        const auto* const text =
            GENERATE("", "--dns-result-order=ipv4first", "--max-old-space-size=256 --enable-source-maps",
                     "--stack-trace-limit=50", "--openssl-legacy-provider", "\"--no-warnings\"");
        CAPTURE(text);
        CHECK_FALSE(uncopiable_option(text, true));
    }
    SECTION("harmless variables") {
        CHECK_FALSE(uncopiable_option("${EXTRA} --no-warnings", false));
        CHECK_FALSE(uncopiable_option("${EXTRA:---max-old-space-size=300}", false));
    }
    SECTION("planted") {
        CHECK(uncopiable_option("--require=/hunter2.js", true) == "--require");
        CHECK(uncopiable_option("--no-warnings --require /hunter2.js", true) == "--require");
        CHECK(uncopiable_option("--no-warnings hunter2", true) == "a value");
        CHECK(uncopiable_option("--import=data:text/javascript,hunter2", true) == "--import");
        CHECK(uncopiable_option("--dns-result-order=hunter2", true) == "--dns-result-order");
        CHECK(uncopiable_option("--inspect=0.0.0.0:9229", true) == "--inspect");
        CHECK(uncopiable_option("${EXTRA:---require=hunter2}", false) == "a value");
        CHECK(uncopiable_option("--title=${T}", false) == "a value");
    }
}

TEST_CASE("node options: of a server's command line what V8 and node judge is tried, the rest is named",
          "[node][merge_options]") {
    const CommandOptions options =
        command_options({"--optimize-for-size", "--max_old_space_size=300", "--dns-result-order=ipv4first",
                         "--inspect=9229", "-r", "--title=hunter2", "--dns-result-order=hunter2", "--test"});
    CHECK(options.tried == Words{"--optimize-for-size", "--dns-result-order=ipv4first"});
    CHECK(options.left_out == Words{"--inspect", "-r", "--title", "--dns-result-order", "--test"});
}

TEST_CASE("node options: what is tried loads nothing and keeps what node itself judges", "[node][merge_options]") {
    CHECK(triable_options("--require=/a.js --optimize-for-size --max-old-space-size=9 --inspect") ==
          Words{"--optimize-for-size", "--max-old-space-size=9"});
}
