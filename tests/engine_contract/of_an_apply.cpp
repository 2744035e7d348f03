#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/apply/creation.h"
#include "core/apply/given.h"
#include "core/apply/guard.h"
#include "core/apply/inspect_difference.h"
#include "core/apply/name_pin.h"
#include "core/apply/recreate.h"
#include "core/sys/files.h"
#include "tests/engine_contract/asking.h"

namespace pilotpros::testing {

namespace {

constexpr const char* kPinned = "192.0.2.1\tweb # docker pilotpros";

/// The steps of an apply and of its rollback.
class ApplyScenarios final : public Asking {
  public:
    using Asking::Asking;

    std::vector<std::string> run() {
        limits();
        programs();
        layer();
        guard();
        back();
        left_by_compose();
        return lines();
    }

  private:
    void limits() {
        said_.about("limits of a container can change while it exists");
        const std::string id = made(named("web", 1), description("web", 1));
        act(id, "start");
        const auto update = [&](const std::string& container, const Json& body) {
            return post(fmt::format("/containers/{}/update", container), body);
        };
        const std::string why_not = "update the memoryswap at the same time";
        said_.say("swap is twice the memory", swap_is_twice_the_memory(id));
        said_.say("more memory than memory and swap", update(id, {{"Memory", 512 * kMega}}), why_not);
        look("nothing changed", id);
        said_.say("both", update(id, {{"Memory", 96 * kMega}, {"MemorySwap", 192 * kMega}}));
        said_.say("processes", update(id, {{"PidsLimit", 77}}));
        said_.say("CPUs", update(id, {{"NanoCpus", 1'500'000'000}}));
        look("changed", id);
        said_.say("swap is twice the memory", swap_is_twice_the_memory(id));
        Json unlimited = description("web", 2);
        unlimited["HostConfig"].erase("Memory");
        const std::string next = made(named("web", 2), unlimited);
        look("no limit", next);
        said_.say("memory alone where there was no limit", update(next, {{"Memory", 96 * kMega}}), why_not);
        forget();
    }

    void programs() {
        said_.about("programs are run in a container, and its hosts file is edited");
        const std::string id = made(named("web", 1), description("web", 1));
        act(id, "start");
        const std::string missing = "pp-none";
        run_program("one that is there", {"cat", "/etc/hosts"}, id);
        run_program("one that is not", {"/no/such/program"}, id);
        run_program("in no container", {"cat", "/etc/hosts"}, missing);
        said_.say("pinned names", pinned_in(id));
        said_.say("pin", pin(engine_, id, {kPinned, "192.0.2.2\tweb # docker pilotpros"}));
        said_.say("pinned names", pinned_in(id));
        said_.say("unpin", unpin(engine_, id));
        said_.say("pinned names", pinned_in(id));
        const Json running = inspect(id);
        said_.say("it reaches itself", pin_lines(running, {running}, {"web"}).size() == 1);
        act(id, "stop");
        said_.say("pin in a stopped one", pin(engine_, id, {kPinned}));
        said_.say("a stopped one is reached", !pin_lines(running, {inspect(id)}, {"web"}).empty());
        forget();
    }

    void layer() {
        said_.about("what differs from the image is told");
        const std::string id = made(named("web", 1), description("web", 1));
        changes("nothing", id);
        act(id, "start");
        others_.write(named("web", 1), "/srv/upload.png");
        changes("a file", id);
        said_.say("nothing was copied into it", given_to(engine_, inspect(id), {"/run/secrets/none"}).empty());
        forget();
    }

    void guard() {
        said_.about("a guard is made, kept and dropped, and never started");
        const std::string web = image_id(kWebImage);
        const std::string lean = image_id(kLeanImage);
        Guard mine{engine_, kContractProject, "mine"};
        Guard other{engine_, kContractProject, "other"};
        tried("lock with an image that is none", [&] { mine.lock({"sha256:" + std::string(64, '0')}); });
        tried("lock", [&] { mine.lock({web, lean}); });
        tried("lock again", [&] { mine.lock({web, lean}); });
        tried("lock for another", [&] { other.lock({web}); });
        tried("unlock of another", [&] { other.unlock(); });
        list("none of them is a service's", "");
        tried("keep", [&] { mine.keep("0001"); });
        tried("drop", [&] { mine.drop("0001"); });
        tried("drop again", [&] { mine.drop("0001"); });
        tried("lock once more", [&] { mine.lock({web}); });
        tried("unlock", [&] { mine.unlock(); });
    }

    void back() {
        said_.about("a service goes back to its containers, made again where they are gone");
        const std::string first = made(named("web", 1), description("web", 1));
        const std::string second = made(named("web", 2), description("web", 2));
        post(fmt::format("/networks/{}/connect", kBack),
             {{"Container", first}, {"EndpointConfig", {{"Aliases", {"web", "shop"}}}}});
        act(first, "start");
        const Json was = inspect(first);
        MemoryFiles files;
        int number = 0;
        ServiceRecord record;
        record.service = "web";
        record.containers = keep_containers(engine_, kContractProject, "web", {}, "/kept", number, files);
        for (const ContainerRecord& one : record.containers) {
            said_.say("kept", fmt::format("{} {} of {}, hash {}, {}", one.name, one.id, one.image_id, one.config_hash,
                                          one.running ? "running" : "not running"));
        }
        remove(engine_, {first, named("web", 1), "running"});
        rename(engine_, second, named("web", 7));
        act(made(named("web", 1), description("web", 1)), "start");
        list("before", "web");
        Journal journal{files, "/journal.json"};
        restore_containers(engine_, kContractProject, record, "/kept", files, journal);
        list("after", "web");
        const Json is = inspect(named("web", 1));
        const std::string id = text(is, "Id");
        made_.push_back(id);
        said_.call(id, "made again");
        look("made again", id);
        said_.say("differences", fmt::format("[{}]", fmt::join(differences(was, is), "; ")));
        said_.say("its volumes are the same", volumes_in(was) == volumes_in(is));
        said_.say("further networks", further_networks_of(is));
        const auto stood = restore_containers(engine_, kContractProject, record, "/kept", files, journal);
        said_.say("the same again lets it run", stood == std::set<std::string>{id});
        forget();
    }

    void left_by_compose() {
        said_.about("what a killed Compose leaves is tidied");
        const std::string old = made(named("web", 1), description("web", 1));
        const std::string temporary = fmt::format("{}_{}", old.substr(0, kShortId), named("web", 1));
        made(temporary, description("web", 1));
        said_.call(old.substr(0, kShortId), "beginning of its ID");
        list("both", "web");
        tidy_after_compose(engine_, kContractProject, "web");
        list("the old one lives", "web");
        made(temporary, description("web", 1));
        ask("DELETE", "/containers/" + old, {{"force", "1"}});
        tidy_after_compose(engine_, kContractProject, "web");
        list("the old one is gone", "web");
        forget();
    }

    // ---- words of these scenarios
    /// Where swap cannot be limited the engine keeps no limit of it.
    bool swap_is_twice_the_memory(const std::string& id) {
        const Json found = inspect(id);
        const Json& host = member(found, "HostConfig");
        const bool limited = flag(parse_answer(engine_.get("/info"), "/info"), "SwapLimit");
        return integer(host, "MemorySwap") == (limited ? 2 * integer(host, "Memory") : -1);
    }
    std::string pinned_in(const std::string& id) {
        ExecRequest request;
        request.container = id;
        request.argv = {"cat", "/etc/hosts"};
        const std::string hosts = exec(engine_, request).output;
        const std::regex line{"192\\.0\\.2\\.\\d\tweb # docker pilotpros"};
        return std::to_string(std::distance(std::sregex_iterator(hosts.begin(), hosts.end(), line), {}));
    }
    void changes(const std::string& what, const std::string& id) {
        constexpr int kTurns = 100;
        Request request;
        request.path = fmt::format("/containers/{}/changes", id);
        std::string body;
        int status = 0;
        engine_.open(
            request, [&](std::string_view bytes) { body += bytes; },
            [&](int ended, const std::string& /*complaint*/) { status = ended; });
        for (int turn = 0; turn < kTurns && status == 0; ++turn) {
            engine_.pump(std::chrono::milliseconds{100});
        }
        const WritableLayer layer = read_changes(body, inspect_containers(engine_, {id}).at(0).mounts, {});
        said_.say(what, fmt::format("{}, added [{}], changed [{}], deleted [{}]", status, fmt::join(layer.added, " "),
                                    fmt::join(layer.changed, " "), fmt::join(layer.deleted, " ")));
    }
    /// Does it, and tells which guards are there then.
    template <typename Step>
    void tried(const std::string& what, const Step& step) {
        std::string how = "done";
        try {
            step();
        } catch (const Error& error) {
            how = fmt::format("refused with {}", static_cast<int>(error.code()));
        }
        std::vector<std::string> there;
        std::set<std::string> kept;  // which of them the lock itself refers to depends on the IDs
        for (const char* const form :
             {"pilotpros-lock-{}", "pilotpros-lock-{}.2", "pilotpros-keep-{}-0001", "pilotpros-keep-{}-0001.2"}) {
            const std::string name = fmt::format(fmt::runtime(form), kContractProject);
            for (const Container& one : inspect_containers(engine_, {name})) {
                there.push_back(fmt::format("{} {}", one.name, one.status));
                kept.insert(fmt::format("{} with {} mounts in network {}",
                                        one.image_id == image_id(kWebImage) ? "web" : "lean", one.mounts.size(),
                                        fmt::join(one.networks, " ")));
            }
        }
        said_.say(what, fmt::format("{} [{}] [{}]", how, fmt::join(there, ", "), fmt::join(kept, ", ")));
    }
    static std::set<std::string> volumes_in(const Json& inspect) {
        std::set<std::string> result;
        for (const Json& mount : member(inspect, "Mounts")) {
            result.insert(fmt::format("{} {}", text(mount, "Destination"), text(mount, "Name")));
        }
        return result;
    }
};

}  // namespace

std::vector<std::string> answers_of_an_apply(Engine& engine, Others& others) {
    return ApplyScenarios{engine, others}.run();
}

}  // namespace pilotpros::testing
