#include "core/apply/replacement.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/apply/data_volumes.h"
#include "core/apply/dependencies.h"
#include "core/apply/followers.h"
#include "core/apply/live_containers.h"
#include "core/docker/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// An answer as JSON; null when there is no such thing. Throws EngineLost where the engine does not say.
Json asked(Engine& engine, const std::string& path) {
    Request request;
    request.path = path;
    const Response response = engine.call(request);
    if (!response.ok() && response.status != 404) {
        throw EngineLost(fmt::format("the engine answers {} to {}: {}", response.status, path, response.message()),
                         "run the same command again when it does");
    }
    return response.ok() ? parse_answer(response.body, path) : Json();
}

Json kept_inspection(const ContainerRecord& record, const Path& directory, const Files& files) {
    return Json::parse(files.read(directory / record.kept).value_or(""), nullptr, false);
}

bool has_image(const ServiceRecord& service, const std::string& id) {
    return std::any_of(service.containers.begin(), service.containers.end(),
                       [&](const ContainerRecord& one) { return one.image_id == id; });
}

bool is_there(Engine& engine, const std::string& image) {
    return !asked(engine, "/images/" + image + "/json").is_null();
}

/// Why Compose must not recreate it: its image's name means another image by now, or none.
std::string moved_image(Engine& engine, const Json& resolved, const std::string& project, const ServiceRecord& service,
                        const std::set<std::string>& running_images, std::string& why_else) {
    const std::string reference = image_reference_of(resolved, project, service.service);
    const std::string now = text(asked(engine, "/images/" + reference + "/json"), "Id");
    for (const std::string& image : running_images) {
        if (image == now) {
            continue;
        }
        if (has_image(service, image)) {
            return now.empty() ? fmt::format("the engine has no image {} any more", reference)
                               : fmt::format("{} is another image by now", reference);
        }
        why_else = fmt::format("{} runs neither the image it had before nor what {} means now: it gets the latter",
                               service.service, reference);
    }
    if (why_else.empty() && !now.empty() && !service.containers.empty() && !has_image(service, now)) {
        const bool gone = std::none_of(service.containers.begin(), service.containers.end(),
                                       [&](const ContainerRecord& one) { return is_there(engine, one.image_id); });
        why_else = fmt::format(
            "it had another image than {}, which had come to mean this one before the apply: it keeps "
            "this one, and {}",
            reference, gone ? "the other one is gone" : "--exact brings the other one back");
    }
    return {};
}

}  // namespace

std::string image_reference_of(const Json& resolved, const std::string& project, const std::string& service) {
    const std::string image = text(resolved, "image");
    return image.empty() ? fmt::format("{}-{}", project, service) : image;
}

Intended read_intended(const ComposeRun& run, Engine& engine, const std::string& project, const std::string& input) {
    const Finished read = run.run({run.question({"config", "--format", "json"}, input)}).front();
    const Json model = Json::parse(read.output, nullptr, false);
    const std::string as_made = bound_to_present(read.output, engine, project);
    return {member(model, "services"), run.hashes(as_made), run.hashes_alone(as_made)};
}

Replacement replacement_of(Engine& engine, const Intended& intended, const std::string& project,
                           const ServiceRecord& service, bool exact, int expected) {
    Replacement result;
    std::map<std::string, Json> running;  // by name
    std::set<std::string> images;
    for (const LiveContainer& live : containers_of(engine, project, service.service)) {
        if (live.running()) {
            running[live.name] = asked(engine, "/containers/" + live.id + "/json");
            images.insert(text(running[live.name], "Image"));
        }
    }
    result.running = std::max(expected, static_cast<int>(running.size()));
    if (result.running == 0) {
        return result;
    }
    if (images.empty()) {
        for (const ContainerRecord& record : service.containers) {
            if (is_there(engine, record.image_id)) {  // what is gone is no reason to wait for it
                images.insert(record.image_id);
            }
        }
    }
    const Json& resolved = member(intended.services, service.service.c_str());
    if (exact && !service.containers.empty()) {
        result.by = Replacement::By::kSnapshot;
    } else if (!resolved.is_object()) {
        result.by = Replacement::By::kSnapshot;
        result.why = "docker compose cannot read its files, or they do not have it";
    } else {
        result.why = exact ? "it had no container before" : "";
        std::string why_else;
        const std::string moved = moved_image(engine, resolved, project, service, images, why_else);
        result.by = moved.empty() ? Replacement::By::kCompose : Replacement::By::kSnapshot;
        result.why = !moved.empty() ? moved : !why_else.empty() ? why_else : result.why;
    }
    for (const auto& [name, inspected] : running) {
        const std::string hash = text(member(member(inspected, "Config"), "Labels"), "com.docker.compose.config-hash");
        const std::string id = text(inspected, "Id");  // clang 14 captures no binding
        const auto wanted = intended.hashes.find(service.service);
        const bool as_it_was = std::any_of(service.containers.begin(), service.containers.end(),
                                           [&](const auto& one) { return one.id == id; });
        const bool stays = result.by == Replacement::By::kSnapshot
                               ? as_it_was
                               : wanted != intended.hashes.end() && wanted->second == hash;
        if (!stays) {
            result.replaced.push_back(name);
        }
    }
    return result;
}

std::vector<std::string> volumes_in_the_way(Engine& engine, const std::string& project, const ServiceRecord& service,
                                            const Path& directory, const Files& files) {
    std::vector<std::string> lines;
    for (const LiveContainer& live : containers_of(engine, project, service.service)) {
        const auto record = std::find_if(service.containers.begin(), service.containers.end(),
                                         [&](const ContainerRecord& one) { return one.name == live.name; });
        if (record != service.containers.end() && record->id != live.id) {
            for (const std::string& line : volumes_that_differ(kept_inspection(*record, directory, files),
                                                               asked(engine, "/containers/" + live.id + "/json"))) {
                lines.push_back(fmt::format("{}: {}", live.name, line));
            }
        }
    }
    return lines;
}

std::vector<std::string> images_gone(Engine& engine, const ServiceRecord& service, const Json& intended,
                                     const Path& directory, const Files& files) {
    std::set<std::string> lines;
    for (const ContainerRecord& record : service.containers) {
        const std::string reference = text(member(kept_inspection(record, directory, files), "Config"), "Image");
        if (!asked(engine, "/images/" + record.image_id + "/json").is_null()) {
            continue;
        }
        const Json& resolved = member(intended, service.service.c_str());
        const std::string next =
            !resolved.is_object()
                ? fmt::format("docker pull {}, or docker compose build {}", reference, service.service)
            : member(resolved, "build").is_null() ? fmt::format("docker compose pull {}", service.service)
                                                  : fmt::format("docker compose build {}", service.service);
        lines.insert(fmt::format("its image {} is gone from the engine: {} brings it back", reference, next));
    }
    return {lines.begin(), lines.end()};
}

}  // namespace pilotpros
