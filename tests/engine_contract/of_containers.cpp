#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/apply/creation.h"
#include "core/docker/stats.h"
#include "tests/engine_contract/asking.h"

namespace pilotpros::testing {

namespace {

/// Containers, images and networks, one after the other.
class ContainerScenarios final : public Asking {
  public:
    using Asking::Asking;

    std::vector<std::string> run() {
        facts();
        images();
        life();
        ends();
        names();
        lists();
        networks();
        nothing_there();
        return lines();
    }

  private:
    void facts() {
        said_.about("the engine tells who it is, and what a limit can rest on");
        const Json info = parse_answer(engine_.get("/info"), "/info");
        said_.say("info", Json{{"ID", !text(info, "ID").empty()},
                               {"SwapLimit", member(info, "SwapLimit").is_boolean()},
                               {"MemTotal", integer(info, "MemTotal") > 0},
                               {"NCPU", integer(info, "NCPU") > 0}});
        said_.say("a version", !text(parse_answer(engine_.get("/version"), "/version"), "Version").empty());
        said_.say("events of the past", ask("GET", "/events", {{"since", "1"}, {"until", "2"}}));
    }

    void images() {
        said_.about("an image is found by its name and its ID, and a name may move");
        const std::string web = image_id(kWebImage);
        image("web", kWebImage);
        image("lean", kLeanImage);
        image("web by its ID", web);
        image("no such name", "pp-engine-contract:none");
        image("no such ID", "sha256:0000000000000000000000000000000000000000000000000000000000000000");
        const std::string moving = "pp-engine-contract:moving";
        others_.tag(kWebImage, moving);
        Json body = description("web", 1);
        body["Image"] = moving;
        const std::string id = made(named("web", 1), body);
        image("a second name", moving);
        others_.tag(kLeanImage, moving);
        image("the second name, moved", moving);
        image("web, without it", web);
        look("its container keeps the image", id);
        others_.untag(moving);
        image("the second name, gone", moving);
        image("lean, without it", kLeanImage);
        said_.say("create of a name that is gone", create(named("web", 2), body), "No such image: " + moving);
        body["Image"] = web;
        look("made of an ID", made(named("web", 2), body));
        forget();
    }

    void life() {
        said_.about("a container is made, started, stopped, started again and removed");
        const std::string name = named("web", 1);
        const std::vector<std::string> program{"cat", "/etc/hosts"};
        said_.say("create", create(name, description("web", 1)));
        const std::string id = made_.back();
        look("created", id);
        said_.say("stop one that never ran", act(id, "stop"));
        run_program("a program in one that never ran", program, id);
        sample("statistics of one that never ran", id);
        said_.say("it has an address", has_address(id));
        said_.say("start", act(id, "start"));
        look("running", id);
        said_.say("start again", act(id, "start"));
        sample("statistics", id);
        said_.say("its programs", ask("GET", fmt::format("/containers/{}/top", id)));
        said_.say("it has an address", has_address(id));
        said_.say("remove without force", ask("DELETE", "/containers/" + id), "container is running");
        said_.say("stop", act(id, "stop"));
        look("stopped", id);
        said_.say("it has an address", has_address(id));
        said_.say("stop again", act(id, "stop"));
        run_program("a program in a stopped one", program, id);
        sample("statistics of a stopped one", id);
        said_.say("programs of a stopped one", ask("GET", fmt::format("/containers/{}/top", id)), "is not running");
        said_.say("start one that ended", act(id, "start"));
        look("running again", id);
        said_.say("by its name", text(inspect(name), "Id"));
        said_.say("by the beginning of its ID", text(inspect(id.substr(0, kShortId)), "Id"));
        said_.say("remove with force", ask("DELETE", "/containers/" + id, {{"force", "1"}}));
        look("removed", id);
        said_.say("remove again", ask("DELETE", "/containers/" + id, {{"force", "1"}}), "No such container: " + id);
        said_.say("remove one that does not run", ask("DELETE", "/containers/" + made(name, description("web", 1))));
        forget();
    }

    void ends() {
        said_.about("a container ends by itself, or is killed");
        Json body = description("web", 1);
        body["Cmd"] = {"sh", "-c", kEndsAtOnce};
        const std::string ended = made(named("web", 1), body);
        said_.say("start", act(ended, "start"));
        wait_for_its_end(ended);
        look("ended", ended);
        list("in the list", "web");
        said_.say("stop it", act(ended, "stop"));
        run_program("a program in it", {"cat", "/etc/hosts"}, ended);
        said_.say("start it again", act(ended, "start"));
        wait_for_its_end(ended);
        said_.say("remove without force", ask("DELETE", "/containers/" + ended));
        const std::string killed = made(named("web", 2), description("web", 2));
        said_.say("start the next", act(killed, "start"));
        others_.kill(killed);
        wait_for_its_end(killed);
        look("killed", killed);
        forget();
    }

    void names() {
        said_.about("a name is given once");
        const std::string first = made(named("web", 1), description("web", 1));
        const std::string second = made(named("web", 2), description("web", 2));
        const std::string taken = "is already in use by container";
        const auto rename = [&](const std::string& from, const std::string& to) {
            return ask("POST", fmt::format("/containers/{}/rename", from), {{"name", to}});
        };
        said_.say("create with a name that is given", create(named("web", 1), description("web", 1)), taken);
        said_.say("rename to a name that is given", rename(second, named("web", 1)), taken);
        said_.say("rename to its own", rename(second, named("web", 2)), "same name as its current name");
        said_.say("rename", rename(second, named("web", 3)));
        look("by its new name", named("web", 3));
        look("by its old one", named("web", 2));
        said_.say("rename by name", rename(named("web", 3), named("web", 2)));
        said_.say("start", act(second, "start"));
        said_.say("rename while it runs", rename(second, named("web", 4)));
        look("running under its new name", second);
        said_.say("rename to a name that was given", rename(first, named("web", 2)));
        list("all", "web");
        forget();
    }

    void lists() {
        said_.about("a list has those that are asked for");
        const std::string web = made(named("web", 1), description("web", 1));
        const std::string other = made(named("other", 1), description("other", 1));
        Json oneoff = description("web", 2);
        oneoff["Labels"]["com.docker.compose.oneoff"] = "True";
        made(named("web", 2), oneoff);
        act(other, "start");
        const auto listed = [&](const std::string& what, const Json& filters, bool all = true) {
            std::vector<std::pair<std::string, std::string>> query{{"filters", filters.dump()}};
            if (all) {
                query.emplace_back("all", "1");
            }
            std::vector<std::string> lines;
            for (const Json& one : parse_answer(engine_.get("/containers/json", query), "/containers/json")) {
                if (text(member(one, "Labels"), "com.docker.compose.project") == kContractProject) {
                    lines.push_back(fmt::format("{} {} {} of {}", text(one, "Id"), fmt::join(texts(one, "Names"), " "),
                                                text(one, "State"), text(one, "Image")));
                }
            }
            said_.say(what, fmt::format("[{}]", fmt::join(lines, ", ")));
        };
        const std::string project = fmt::format("com.docker.compose.project={}", kContractProject);
        listed("all of the project", {{"label", {project}}});
        listed("the running", {{"label", {project}}}, false);
        listed("by a label's name", {{"label", {"com.docker.compose.service"}}});
        listed("by two labels", {{"label", {project, "com.docker.compose.service=other"}}});
        listed("by a value that none has", {{"label", {"com.docker.compose.project=pp-none"}}});
        listed("by ID", {{"id", {web}}});
        list("what counts as the service's", "web");
        forget();
    }

    void networks() {
        said_.about("a container is attached to networks, under names");
        const std::string id = made(named("web", 1), description("web", 1));
        const auto connect = [&](const std::string& network, const std::string& container) {
            return post(fmt::format("/networks/{}/connect", network),
                        {{"Container", container}, {"EndpointConfig", {{"Aliases", {"web", "shop"}}}}});
        };
        const auto attached = [&](const std::string& what) {
            const Json found = inspect(id);
            said_.say(what + ", where it is made", member(creation_of(found, kWebImage), "NetworkingConfig"));
            said_.say(what + ", further networks", further_networks_of(found));
        };
        said_.say("connect", connect(kBack, id));
        said_.say("connect again", connect(kBack, id));
        said_.say("connect none", connect(kBack, "pp-none"), "No such container: pp-none");
        attached("made again");
        said_.say("start", act(id, "start"));
        attached("made again after its start");
        look("in both", id);
        Json body = description("web", 2);
        body["HostConfig"]["NetworkMode"] = "pp-none";
        body.erase("NetworkingConfig");
        said_.say("create in a network that is none", create(named("web", 2), body));
        said_.say("start it", act(named("web", 2), "start"), "network pp-none not found");
        look("it did not start", named("web", 2));
        body["HostConfig"]["NetworkMode"] = "none";
        const std::string alone = made(named("web", 3), body);
        said_.say("start one without a network", act(alone, "start"));
        look("without a network", alone);
        said_.say("it has an address", has_address(alone));
        forget();
    }

    void nothing_there() {
        said_.about("what is not there is said to be missing");
        const std::string words = "No such container: pp-none";
        said_.say("inspect", ask("GET", "/containers/pp-none/json"), words);
        for (const char* const verb : {"start", "stop", "wait"}) {
            said_.say(verb, act("pp-none", verb), words);
        }
        said_.say("rename", ask("POST", "/containers/pp-none/rename", {{"name", "pp-other"}}), words);
        said_.say("remove", ask("DELETE", "/containers/pp-none", {{"force", "1"}}), words);
        said_.say("update", post("/containers/pp-none/update", {{"PidsLimit", 77}}), words);
        said_.say("program", post("/containers/pp-none/exec", {{"Cmd", {"true"}}}), words);
        said_.say("programs", ask("GET", "/containers/pp-none/top"), words);
        said_.say("changes", ask("GET", "/containers/pp-none/changes"), words);
        said_.say("log", ask("GET", "/containers/pp-none/logs", {{"stdout", "1"}}), words);
        said_.say("statistics", ask("GET", "/containers/pp-none/stats", {{"stream", "0"}, {"one-shot", "1"}}), words);
        said_.say("end of a program", ask("GET", "/exec/pp-none/json"), "No such exec instance: pp-none");
        list("service", "none");
    }

    // ---- words of these scenarios
    void image(const std::string& what, const std::string& reference) {
        const auto found = inspect_images(engine_, {reference});
        if (found.empty()) {
            said_.say(what, ask("GET", fmt::format("/images/{}/json", reference)), "No such image: " + reference);
            return;
        }
        const Image& one = found.begin()->second;
        std::vector<std::string> tags = one.tags;
        std::sort(tags.begin(), tags.end());
        said_.say(what, Json{{"id", one.id}, {"tags", tags}, {"volumes", one.volumes}});
    }
    void sample(const std::string& what, const std::string& id) {
        Request request = stats_request(id);
        request.query = {{"stream", "0"}, {"one-shot", "1"}};
        const Response response = engine_.call(request);
        StatsSample sample;
        const StatsLine line = parse_stats(response.body, sample);
        said_.say(what, fmt::format("{}, {}", response.status,
                                    line == StatsLine::kNonsense   ? "nonsense"
                                    : line == StatsLine::kNoSample ? "nothing"
                                    : sample.working_set > 0       ? "some memory"
                                                                   : "no memory"));
    }
};

}  // namespace

std::vector<std::string> answers_of_containers(Engine& engine, Others& others) {
    return ContainerScenarios{engine, others}.run();
}

}  // namespace pilotpros::testing
