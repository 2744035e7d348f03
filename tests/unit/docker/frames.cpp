#include "core/docker/frames.h"

#include <catch2/catch.hpp>

#include "tests/unit/fake_engine_memory.h"

using pilotpros::Frames;
using pilotpros::testing::frame;

TEST_CASE("frames: chunk boundaries mean nothing", "[frames]") {
    const std::string stream = frame(1, "one ") + frame(2, "error") + frame(1, "") + frame(1, std::string(300, 'x'));
    for (std::size_t step = 1; step <= stream.size(); step += 7) {
        Frames frames;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            frames.feed(std::string_view{stream}.substr(at, step));
        }
        CHECK(frames.output() == "one " + std::string(300, 'x'));
        CHECK(frames.error() == "error");
        CHECK_FALSE(frames.broken());
    }
}

TEST_CASE("frames: a stream that breaks off is said to be broken", "[frames]") {
    const std::string stream = frame(1, "hello");
    Frames in_payload;
    in_payload.feed(std::string_view{stream}.substr(0, 10));
    CHECK(in_payload.broken());
    CHECK(in_payload.output() == "he");
    Frames in_header;
    in_header.feed(std::string_view{stream}.substr(0, 5));
    CHECK(in_header.broken());
}

TEST_CASE("frames: what is no stream of frames is refused, and keeps nothing", "[frames]") {
    Frames frames;
    frames.feed("plain text of a terminal");
    CHECK(frames.malformed());
    frames.feed(frame(1, "late"));
    CHECK(frames.output().empty());
}

TEST_CASE("frames: a lying length costs no memory, and no more than the limit is kept", "[frames]") {
    Frames frames{8};
    frames.feed(std::string("\x01\0\0\0\xff\xff\xff\xff", 8));
    frames.feed("0123456789");
    CHECK(frames.output() == "01234567");
    CHECK(frames.truncated());
}
