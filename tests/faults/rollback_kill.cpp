#include <catch2/catch.hpp>

#include "core/apply/rollback_files.h"
#include "tests/unit/apply/apply_world.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

RollbackRequest request_for(const std::string& kind) {
    RollbackRequest request;
    request.exact = kind == "exact";
    request.force = kind == "force";
    request.files_only = kind.starts_with("files");
    request.all = kind == "files of all";
    if (kind == "part") {
        request.services = {"web"};
    }
    return request;
}

void work(ApplyMachine& machine, const RollbackRequest& request) {
    if (request.files_only) {
        World world = machine.world();
        ApplyStore store = machine.store();
        roll_back_files(world, store, request, machine.watcher);
    } else {
        machine.roll_back(request);
    }
}

/// Two services with a limit each; with `force` the user edited what was written.
void prepare(ApplyMachine& machine, const RollbackRequest& request) {
    REQUIRE(machine.apply().code == ExitCode::kDone);
    if (request.all) {
        REQUIRE(machine.apply("256m").code == ExitCode::kDone);
    }
    if (request.force) {
        machine.files.contents["/shop/.pilotpros/compose.yaml"] += "    # mine\n";
    }
}

}  // namespace

TEST_CASE("a rollback of any kind that is killed between any two steps ends as before or after", "[rollback]") {
    const auto* const kind = GENERATE("plain", "exact", "force", "files", "files of all", "part");
    const RollbackRequest request = request_for(kind);
    ApplyMachine whole{true};
    prepare(whole, request);
    const std::string before = whole.seen();
    whole.killer = {};
    work(whole, request);
    const int steps = whole.killer.count;
    const std::string after = whole.seen();
    CHECK(before != after);
    int third_states = 0;
    int dead = 0;
    for (int at = 1; at <= steps; ++at) {
        ApplyMachine machine{true};
        prepare(machine, request);
        machine.killer = {at, 0};
        try {
            work(machine, request);
        } catch (const std::exception&) {
            ++dead;
        }
        machine.killer = {};
        machine.recover();
        const std::string now = machine.seen();
        third_states += now != before && now != after ? 1 : 0;
    }
    INFO(kind);
    CHECK(dead == steps);
    CHECK(steps > 4);
    CHECK(third_states == 0);
}
