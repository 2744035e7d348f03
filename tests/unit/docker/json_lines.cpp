#include "core/docker/json_lines.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using pilotpros::JsonLines;

namespace {

struct Collected {
    std::vector<std::string> lines;
    JsonLines::OnLine sink() {
        return [this](std::string_view line) {
            lines.emplace_back(line);
            return line.front() == '{';
        };
    }
};

}  // namespace

TEST_CASE("lines come out whole, wherever the stream is cut") {
    const std::string stream = "{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}\n{\"d\"";
    for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
        Collected collected;
        JsonLines lines{collected.sink()};
        for (std::size_t at = 0; at < stream.size(); at += chunk) {
            lines.feed(std::string_view{stream}.substr(at, chunk));
        }
        CAPTURE(chunk);
        CHECK(collected.lines == std::vector<std::string>{"{\"a\":1}", "{\"b\":2}\r", "{\"c\":3}"});
        CHECK(lines.nonsense() == 0);
        CHECK(lines.pending() == 4);
    }
}

TEST_CASE("nonsense is counted, not thrown") {
    Collected collected;
    JsonLines lines{collected.sink()};
    lines.feed("<html>\n{\"a\":1}\nerror\n");
    CHECK(lines.nonsense() == 2);
    CHECK(collected.lines.size() == 3);
}

TEST_CASE("a line that never ends does not eat memory, and what follows it is read") {
    for (const std::size_t chunk : {1U, 7U, 64U, 1000U}) {
        Collected collected;
        JsonLines lines{collected.sink(), 20};
        std::string stream = "{" + std::string(500, 'x') + "\n{\"a\":1}\n{\"exactly\":\"twenty\"}\n";
        stream += "{" + std::string(18, 'y') + "}\n";  // 20 bytes: just fits
        for (std::size_t at = 0; at < stream.size(); at += chunk) {
            lines.feed(std::string_view{stream}.substr(at, chunk));
            CHECK(lines.pending() <= 20);
        }
        CAPTURE(chunk);
        CHECK(collected.lines ==
              std::vector<std::string>{"{\"a\":1}", "{\"exactly\":\"twenty\"}", "{" + std::string(18, 'y') + "}"});
        CHECK(lines.nonsense() == 1);
    }
}
