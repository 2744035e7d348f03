#include <catch2/catch.hpp>

#include "core/observe/writable_layers.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

constexpr const char* kList = "GET /containers/json";
constexpr const char* kChanges = "GET /containers/a/changes";
constexpr const char* kKept = "/state/layers.json";

Observation one_container() {
    Observation observation;
    observation.services.resize(1);
    observation.services.front().service = "web";
    Container container;
    container.id = "a";
    observation.services.front().containers.push_back(container);
    return observation;
}

Observation look(MemoryEngine& engine, MemoryFiles& files, bool anew) {
    Observation observation = one_container();
    WritableLayers layers(engine, files, kKept, anew, observation);
    layers.finish(Clock{}, Cancel{}, std::chrono::seconds{30}, observation);
    return observation;
}

std::vector<std::string> added(const Observation& observation) {
    return observation.services.front().writable_layers.at("a").added;
}

}  // namespace

TEST_CASE("a layer of the same size since the same start is remembered, unless a container is to be replaced",
          "[observe]") {
    MemoryEngine engine;
    MemoryFiles files;
    engine.answer(kList, 200, R"([{"Id": "a", "SizeRw": 7}])");
    engine.answer(kChanges, 200, R"([{"Path": "/key", "Kind": 1}])");
    CHECK(added(look(engine, files, false)) == std::vector<std::string>{"/key"});
    CHECK(files.modes.at(kKept) == 0600);
    engine.asked.clear();
    CHECK(added(look(engine, files, false)) == std::vector<std::string>{"/key"});
    CHECK_FALSE(engine.was_asked(kChanges));
    CHECK(added(look(engine, files, true)) == std::vector<std::string>{"/key"});
    CHECK(engine.was_asked(kChanges));
}

TEST_CASE("another size is another layer", "[observe]") {
    MemoryEngine engine;
    MemoryFiles files;
    engine.answer(kList, 200, R"([{"Id": "a", "SizeRw": 7}])");
    engine.answer(kList, 200, R"([{"Id": "a", "SizeRw": 8}])");
    engine.answer(kChanges, 200, "null");
    engine.answer(kChanges, 200, R"([{"Path": "/key", "Kind": 1}])");
    CHECK(added(look(engine, files, false)).empty());
    CHECK(added(look(engine, files, false)) == std::vector<std::string>{"/key"});
}

TEST_CASE("half an answer about a layer is none", "[observe]") {
    MemoryEngine engine;
    MemoryFiles files;
    engine.answer(kList, 200, R"([{"Id": "a", "SizeRw": 7}])");
    SECTION("cut off, and no JSON any more") { engine.answer(kChanges, 200, R"([{"Path": "/ke)"); }
    SECTION("ended by the transport") { engine.answer(kChanges, 200, "[]", {{"cut", "1"}}); }
    SECTION("refused") { engine.answer(kChanges, 500, "{}"); }
    const Observation observation = look(engine, files, false);
    CHECK(observation.services.front().writable_layers.empty());
    CHECK(observation.gaps.size() == 1);
}
