#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/apply/status.h"
#include "tests/unit/apply/apply_world.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

// tests/unit/apply/frozen/ holds what one apply of an earlier version left on the disk. A file there is never changed:
// whoever changes the format adds one, with PILOTPROS_FREEZE=FILE pilotpros-unit "[freeze]".

namespace {

const std::string kFrozen = std::string{SOURCE_DIR} + "/tests/unit/apply/frozen/";

Json frozen_from(const MemoryFiles& files) {
    Json all{{"files", Json::object()}, {"links", Json::object()}};
    for (const auto& [path, content] : files.contents) {
        const auto mode = files.modes.find(path);
        all["files"][path.string()] = {{"content", content}, {"mode", mode == files.modes.end() ? 0U : mode->second}};
    }
    for (const auto& [path, target] : files.links) {
        all["links"][path.string()] = target.string();
    }
    return all;
}

/// A machine on which the program of then applied, and the present one finds what it left.
void thaw(ApplyMachine& machine, const std::string& version) {
    std::ifstream file(kFrozen + version + ".json");
    const Json all = Json::parse(file);
    machine.apply();
    machine.files.contents.clear();
    machine.files.modes.clear();
    machine.files.links.clear();
    for (const auto& [path, content] : all.at("files").items()) {
        machine.files.contents[path] = content.at("content").get<std::string>();
        if (content.at("mode") != 0) {
            machine.files.modes[path] = content.at("mode").get<unsigned>();
        }
    }
    for (const auto& [path, target] : all.at("links").items()) {
        machine.files.links[path] = target.get<std::string>();
    }
}

}  // namespace

TEST_CASE("what an earlier version applied is known, and goes back", "[apply]") {
    const std::string version = GENERATE("0.1.0");
    ApplyMachine machine{true};
    for (std::size_t at = 0; at < machine.engine.containers.size(); ++at) {  // as the file has them
        machine.engine.containers[at].volumes = {"anonymous-" + std::to_string(at + 1)};
    }
    const std::string before = machine.seen();
    thaw(machine, version);
    REQUIRE(machine.seen() != before);
    SECTION("its history is told") {
        const std::vector<HistoryEntry> history = history_of(machine.store());
        REQUIRE(history.size() == 1);
        CHECK(history.front().phase == "applied");
        CHECK(history.front().changes == std::vector<std::string>{"db.memory: 128m", "web.memory: 128m"});
    }
    SECTION("by Compose") {
        CHECK(machine.roll_back().undone.size() == 1);
        CHECK(machine.seen() == before);
    }
    SECTION("by the containers that it kept") {
        machine.compose_is_broken = true;
        machine.roll_back();
        CHECK(machine.seen() == before);
    }
    SECTION("a planted change of one letter in it is found") {
        for (auto& [path, content] : machine.files.contents) {
            if (path.filename() == kSnapshotFile) {
                content.replace(content.find("128m"), 4, "129m");
            }
        }
        CHECK_THROWS_AS(machine.roll_back(), Error);
        CHECK(machine.seen() != before);
    }
}

TEST_CASE("freeze what this version leaves on the disk", "[.][freeze]") {
    const char* const name = std::getenv("PILOTPROS_FREEZE");
    REQUIRE(name != nullptr);
    ApplyMachine machine{true};
    machine.apply();
    std::ofstream(name) << frozen_from(machine.files).dump(1) << "\n";
}
