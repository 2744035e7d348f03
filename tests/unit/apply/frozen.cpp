#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/apply/status.h"
#include "tests/unit/apply/apply_world.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

// tests/unit/apply/frozen/ holds what one apply of an earlier version left on the disk. A file there is never changed:
// whoever changes the format adds one, with PILOTPROS_FREEZE=NAME pilotpros-unit "[freeze]".

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

/// What is done before it is frozen: by file, the version first.
const std::map<std::string, std::function<void(ApplyMachine&)>> kDone{
    {"0.1.0", [](ApplyMachine& machine) { machine.apply(); }},
    {"0.1.0-live-and-part",
     [](ApplyMachine& machine) {
         machine.apply();
         machine.live = true;
         machine.apply("256m");
         RollbackRequest web;
         web.services = {"web"};
         machine.roll_back(web);
     }},
    {"0.1.0-in-place",
     [](ApplyMachine& machine) {
         machine.in_place = true;
         machine.only = {"web"};
         machine.apply();
     }},
};

ApplyMachine& at_the_beginning(ApplyMachine& machine) {
    for (std::size_t at = 0; at < machine.engine.containers.size(); ++at) {  // as the files have them
        machine.engine.containers[at].volumes = {"anonymous-" + std::to_string(at + 1)};
    }
    return machine;
}

/// A machine on which the program of then did that, and the present one finds what it left.
void thaw(ApplyMachine& machine, const std::string& version) {
    std::ifstream file(kFrozen + version + ".json");
    const Json all = Json::parse(file);
    kDone.at(version)(machine);
    machine.live = machine.in_place = false;
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

/// One in which nothing is as it is where nothing was said.
Snapshot of_all_fields() {
    Snapshot snapshot;
    snapshot.id = "0002";
    snapshot.taken = "2026-11-29T10:11:12Z";
    snapshot.engine = "ENGINE";
    snapshot.project = "shop";
    snapshot.working_directory = "/shop";
    snapshot.plan = "0123456789ab";
    snapshot.compose_arguments = {"compose", "-f", "/shop/compose.yaml"};
    snapshot.variables = {{"COMPOSE_PROFILES", "all"}};
    snapshot.layer = "/shop/compose.override.yaml";
    snapshot.start = "docker compose";
    snapshot.paths = {{"/shop/.pilotpros/compose.yaml",
                       {"file", 0600, "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"},
                       {"symlink", 0644, "elsewhere"},
                       "file-1",
                       "written-1"}};
    ContainerRecord container{
        "f00d", "shop-web-1", "sha256:web", "c0ffee", true, "container-1.json", "", "container-1.tar", ""};
    container.sha256 = sha256_hex("{}");
    container.given_sha256 = sha256_hex("tar");
    const std::vector<Reload> reloads{{"web", {{"root", {"nginx", "-s", "reload"}}}}};
    snapshot.services = {{"web", 1.5, {container}, reloads, reloads, true, {"/run/secrets/key"}, {80}}};
    snapshot.masks = {{"web", "healthcheck.test", "abc", true}};
    snapshot.changes = Json::array({{{"service", "web"}, {"key", "memory"}, {"after", "128m"}}});
    snapshot.takes_back = "0001";
    snapshot.in_place = true;
    return snapshot;
}

void keep_beside_it(MemoryFiles& files) {
    files.contents = {
        {"/kept/file-1", "hello world"}, {"/kept/container-1.json", "{}"}, {"/kept/container-1.tar", "tar"}};
}

/// Below `json`, paths to what is as it is where nothing was said.
void find_unsaid(const Json& json, const std::string& at, std::vector<std::string>& unsaid) {
    if (json.is_structured() && !json.empty()) {
        for (const auto& [key, value] : json.items()) {
            find_unsaid(value, at + "/" + key, unsaid);
        }
    } else if (json.empty() || json == "" || json == false || json == 0) {
        unsaid.push_back(at);
    }
}

const std::string kAllFields = "0.1.0-all-fields";

}  // namespace

TEST_CASE("what an earlier version applied is known, and goes back", "[apply]") {
    const std::string version = GENERATE("0.1.0", "0.1.0-live-and-part", "0.1.0-in-place");
    CAPTURE(version);
    ApplyMachine machine{true};
    at_the_beginning(machine);
    const std::string before = machine.seen();
    thaw(machine, version);
    REQUIRE(machine.seen() != before);
    SECTION("its history is told") {
        const std::vector<HistoryEntry> history = history_of(machine.store());
        REQUIRE(history.size() == (version == "0.1.0-live-and-part" ? 3 : 1));
        CHECK(history.front().phase == "applied");
        const bool alone = version == "0.1.0-in-place";
        CHECK(history.front().changes == (alone ? std::vector<std::string>{"memory: 128m"}
                                                : std::vector<std::string>{"db.memory: 128m", "web.memory: 128m"}));
        if (history.size() == 3) {
            CHECK(history.at(1).changes == std::vector<std::string>{"db.memory: 256m", "web.memory: 256m"});
            CHECK(history.back().changes == std::vector<std::string>{"takes web back to before 0002"});
        }
    }
    SECTION("by Compose") {
        machine.roll_back(true);
        CHECK(machine.seen() == before);
    }
    SECTION("by the containers that it kept") {
        machine.compose_is_broken = true;
        machine.roll_back(true);
        CHECK(machine.seen() == before);
    }
    SECTION("a planted change of one letter in it is found") {
        for (auto& [path, content] : machine.files.contents) {
            if (path.filename() == kSnapshotFile) {
                content.replace(content.find("ENGINE"), 6, "ENGINF");
            }
        }
        CHECK_THROWS_AS(machine.roll_back(true), Error);
        CHECK(machine.seen() != before);
    }
}

TEST_CASE("each field of a snapshot of an earlier version is read", "[apply]") {
    std::ifstream file(kFrozen + kAllFields + ".json");
    MemoryFiles files;
    keep_beside_it(files);
    files.contents["/kept/snapshot.json"] = Json::parse(file).dump();
    const Json expected = of_all_fields();
    CHECK(Json(read_snapshot("/kept", files)) == expected);
    // Whoever adds a field gives it a value there, and freezes it.
    std::vector<std::string> unsaid;
    find_unsaid(expected, "", unsaid);
    CHECK(unsaid.empty());
    unsaid.clear();
    find_unsaid(Snapshot{}, "", unsaid);
    CHECK(unsaid.size() > 10);  // planted: one that says nothing
}

TEST_CASE("freeze what this version leaves on the disk", "[.][freeze]") {
    const char* const name = std::getenv("PILOTPROS_FREEZE");  // a file of that table
    REQUIRE(name != nullptr);
    std::ofstream file(kFrozen + name + ".json");
    if (name == kAllFields) {
        MemoryFiles files;
        keep_beside_it(files);
        write_snapshot(of_all_fields(), "/kept", files);
        file << files.contents.at("/kept/snapshot.json");
        return;
    }
    ApplyMachine machine{true};
    kDone.at(name)(at_the_beginning(machine));
    file << frozen_from(machine.files).dump(1) << "\n";
}
