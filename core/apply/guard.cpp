#include "core/apply/guard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <set>
#include <utility>

#include "core/docker/json.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kOwnerLabel = "io.pilotpros.owner";
constexpr int kNotThere = 404, kNameTaken = 409;
constexpr const char* kNothingChanged =
    "nothing was changed; run the command again, and look at the engine's log when that does not help";

/// Never started, so what it would run does not matter. The image's volumes are covered: an anonymous volume would be
/// made with the container.
Json description(const std::string& project, const std::string& owner, const std::string& image,
                 const std::vector<std::string>& volumes) {
    Json mounts = Json::array();
    for (const std::string& volume : volumes) {
        mounts.push_back({{"Type", "tmpfs"}, {"Target", volume}});
    }
    return {{"Image", image},
            {"Entrypoint", Json::array({"pilotpros-guard"})},
            {"Cmd", Json::array()},
            // Images that Compose built carry its labels, and containers inherit them: ours is none of the project's.
            {"Labels",
             {{kGuardLabel, project},
              {kOwnerLabel, owner},
              {"com.docker.compose.project", ""},
              {"com.docker.compose.service", ""},
              {"com.docker.compose.oneoff", "True"}}},
            {"HostConfig", {{"NetworkMode", "none"}, {"RestartPolicy", {{"Name", "no"}}}, {"Mounts", mounts}}}};
}

std::string other_name(const std::string& name, int number) { return fmt::format("{}.{}", name, number); }

/// Of two machines with one name, each has an ID of its own, which is not to be shown: machine-id(5). Empty without.
std::string mark_of_machine(const Files& files) {
    try {
        const std::string id = files.read("/etc/machine-id").value_or("");
        return id.empty() ? id : fmt::format("/{}", sha256_hex(fmt::format("pilotpros {}", id)).substr(0, 8));
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

Guard::Guard(Engine& engine, std::string project, std::string owner)
    : engine_(engine), project_(std::move(project)), owner_(std::move(owner)) {}

std::string Guard::lock_name() const { return fmt::format("pilotpros-lock-{}", project_); }

std::string Guard::keeper_name(const std::string& transaction) const {
    return fmt::format("pilotpros-keep-{}-{}", project_, transaction);
}

std::string Guard::marked_name(const std::string& transaction) const {
    return fmt::format("{}-{}", keeper_name(transaction), sha256_hex(owner_).substr(0, 8));
}

std::optional<std::string> Guard::owner_of(const std::string& name) {
    Request look;
    look.path = "/containers/" + name + "/json";
    const Response present = engine_.call(look);
    if (!present.ok()) {
        return present.status == kNotThere ? std::optional{std::string{}} : std::nullopt;
    }
    const std::string owner =
        text(member(member(parse_answer(present.body, look.path), "Config"), "Labels"), kOwnerLabel);
    return owner.empty() ? "somebody" : owner;
}

void Guard::lock(const std::vector<std::string>& images) {
    const std::optional<std::string> owner = owner_of(lock_name());
    if (!owner) {
        throw Error(ExitCode::kRefused, fmt::format("the engine does not say who works on {}", project_),
                    kNothingChanged);
    }
    if (!owner->empty()) {
        if (*owner != owner_) {
            throw Error(
                ExitCode::kRefused, fmt::format("{} works on {} (container {})", *owner, project_, lock_name()),
                fmt::format("wait until it is done; when nobody works there any more: docker rm {}", lock_name()));
        }
        return;
    }
    if (!remove_others(lock_name())) {  // of a killed command
        throw Error(ExitCode::kRefused,
                    fmt::format("the engine does not take the old guard containers of {} away", project_),
                    kNothingChanged);
    }
    int number = 0;
    try {
        for (const std::string& image : std::set<std::string>(images.begin(), images.end())) {
            if (create(number == 0 ? lock_name() : other_name(lock_name(), number + 1), image)) {
                ++number;
            }
        }
    } catch (const Error&) {
        if (number > 0) {
            unlock();
        }
        throw;
    }
}

bool Guard::create(const std::string& name, const std::string& image) {
    Request inspect;
    inspect.path = "/images/" + image + "/json";
    const Response found = engine_.call(inspect);
    if (found.status == kNotThere) {
        return false;
    }
    if (!found.ok()) {
        refuse(found);
    }
    const Json inspected = parse_answer(found.body, inspect.path);
    Request create = post_json("/containers/create",
                               description(project_, owner_, image, keys(member(inspected, "Config"), "Volumes")));
    create.query = {{"name", name}};
    const Response created = engine_.call(create);
    if (created.status == kNameTaken) {
        throw Error(ExitCode::kRefused, fmt::format("another command began to work on {} just now", project_),
                    "wait until it is done, and try again");
    }
    if (!created.ok()) {
        refuse(created);
    }
    return true;
}

void Guard::refuse(const Response& why) const {
    throw Error(ExitCode::kRefused,
                fmt::format("the engine refuses the guard container of {}: {}", project_, why.message()),
                kNothingChanged);
}

bool Guard::keep(const std::string& transaction) {
    const std::optional<std::string> owner = owner_of(lock_name());
    if (owner != owner_) {
        return owner.has_value();
    }
    // Each state directory counts its transactions for itself, and another one's keeper may have the name.
    const std::optional<std::string> taken_by = owner_of(keeper_name(transaction));
    if (!taken_by) {
        return false;
    }
    const std::string name =
        taken_by->empty() || *taken_by == owner_ ? keeper_name(transaction) : marked_name(transaction);
    const auto rename = [&](const std::string& from, const std::string& to) {
        Request request;
        request.method = "POST";
        request.path = fmt::format("/containers/{}/rename", from);
        request.query = {{"name", to}};
        const Response renamed = engine_.call(request);
        return renamed.ok() || renamed.status == kNotThere || renamed.status == kNameTaken;  // there is one already
    };
    // The lock last: as long as it is there, the next command goes on with what a killed one left.
    const std::optional<int> last = last_other(lock_name());
    bool all = last.has_value();
    for (int number = last.value_or(1); number > 1 && all; --number) {
        all = rename(other_name(lock_name(), number), other_name(name, number));
    }
    return all && rename(lock_name(), name);
}

bool Guard::unlock() {
    if (owner_of(lock_name()) == owner_ && remove_others(lock_name())) {
        remove(lock_name());
    }
    const auto owner = owner_of(lock_name());
    return owner && *owner != owner_;
}

void Guard::drop(const std::string& transaction) {
    for (const std::string& name : {keeper_name(transaction), marked_name(transaction)}) {
        const std::optional<std::string> owner = owner_of(name);
        if (owner && !owner->empty() && *owner != owner_) {
            continue;
        }
        constexpr const char* kAgain = "any command of docker pilotpros tries again";
        if (!owner || !remove_others(name)) {
            throw Error(ExitCode::kNotRestored, fmt::format("the engine does not say, or do, what becomes of {}", name),
                        kAgain);
        }
        const Response response = remove(name);
        if (!response.ok() && response.status != kNotThere) {
            throw Error(ExitCode::kNotRestored,
                        fmt::format("cannot remove the container {}: {}", name, response.message()), kAgain);
        }
    }
}

std::set<std::string> Guard::keepers() const {
    const std::string path = "/containers/json";
    const Json filters{
        {"label", {fmt::format("{}={}", kGuardLabel, project_), fmt::format("{}={}", kOwnerLabel, owner_)}}};
    const Json listed = parse_answer(
        engine_.get(path, {{"all", "1"}, {"filters", filters.dump(-1, ' ', false, Json::error_handler_t::replace)}}),
        path);
    const std::string begin = "/" + keeper_name("");
    std::set<std::string> keepers;
    for (const Json& container : listed) {
        for (const std::string& name : texts(container, "Names")) {
            if (name.starts_with(begin)) {
                keepers.insert(name.substr(begin.size(), name.find_first_of(".-", begin.size()) - begin.size()));
            }
        }
    }
    return keepers;
}

void Guard::keep_only(const std::set<std::string>& transactions) {
    for (const std::string& transaction : keepers()) {
        if (!transactions.contains(transaction)) {
            drop(transaction);
        }
    }
}

std::optional<int> Guard::last_other(const std::string& name) {
    for (int number = 2;; ++number) {
        Request look;
        look.path = "/containers/" + other_name(name, number) + "/json";
        const Response found = engine_.call(look);
        if (!found.ok()) {
            return found.status == kNotThere ? std::optional{number - 1} : std::nullopt;
        }
    }
}

bool Guard::remove_others(const std::string& name) {
    const std::optional<int> last = last_other(name);
    for (int number = last.value_or(1); number > 1; --number) {
        const Response removed = remove(other_name(name, number));
        if (!removed.ok() && removed.status != kNotThere) {
            return false;
        }
    }
    return last.has_value();
}

Response Guard::remove(const std::string& name) {
    Request request;
    request.method = "DELETE";
    request.path = "/containers/" + name;
    request.query = {{"force", "1"}};
    return engine_.call(request);
}

std::string lock_owner(const World& world) {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return fmt::format("{}{}:{}", host.data(), mark_of_machine(world.files),
                       world.environment.state_directory().string());
}

}  // namespace pilotpros
