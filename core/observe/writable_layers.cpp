#include "core/observe/writable_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/docker/json.h"
#include "core/observe/containers.h"

namespace pilotpros {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WritableLayer, added, changed, deleted)

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestAnswer = std::size_t{16} << 20U;  // some 150,000 paths

/// The size of each container's layer, by ID.
std::map<std::string, std::int64_t> sizes_of(Engine& engine, const std::vector<std::string>& ids) {
    const std::string path = "/containers/json";
    Request request;
    request.path = path;
    request.query = {{"all", "1"}, {"size", "1"}, {"filters", Json{{"id", ids}}.dump()}};
    const Response response = engine.call(request);
    std::map<std::string, std::int64_t> sizes;
    for (const Json& container : response.ok() ? parse_answer(response.body, path) : Json::array()) {
        sizes[text(container, "Id")] = integer(container, "SizeRw");
    }
    return sizes;
}

}  // namespace

WritableLayers::WritableLayers(Engine& engine, Files& files, Path kept, bool anew, const Observation& observation)
    : engine_(engine), files_(files), kept_(std::move(kept)) {
    std::vector<std::string> ids;
    for (const ServiceObservation& service : observation.services) {
        for (const Container& container : service.containers) {
            Asked asked;
            asked.service = service.service;
            asked.id = container.id;
            asked.mounts = container.mounts;
            asked.given = service.given_files;
            asked.key = std::to_string(container.started.time_since_epoch().count());
            ids.push_back(container.id);
            asked_.push_back(std::move(asked));
        }
    }
    if (ids.empty()) {
        return;
    }
    const auto sizes = sizes_of(engine_, ids);
    for (Asked& asked : asked_) {
        const auto size = sizes.find(asked.id);
        asked.key = size == sizes.end() ? "" : fmt::format("{} {}", asked.key, size->second);
        keys_[asked.id] = asked.key;
    }
    if (!anew) {
        take_remembered();
    }
    for (Asked& asked : asked_) {
        Request request;
        request.path = fmt::format("/containers/{}/changes", asked.id);
        asked.stream = engine_.open(
            request,
            [&asked](std::string_view bytes) {
                asked.too_long = asked.too_long || asked.body.size() + bytes.size() > kLongestAnswer;
                if (asked.too_long) {
                    asked.body.clear();
                } else {
                    asked.body += bytes;
                }
            },
            [&asked](int status, const std::string& complaint) {
                asked.status = complaint.empty() ? status : 0;
                asked.ended = true;
            });
    }
}

WritableLayers::~WritableLayers() {
    for (const Asked& asked : asked_) {
        if (!asked.ended) {
            engine_.close(asked.stream);
        }
    }
}

void WritableLayers::take_remembered() {
    const Json kept = Json::parse(files_.read(kept_).value_or(""), nullptr, false);
    std::erase_if(asked_, [&](const Asked& asked) {
        const Json& one = member(kept, asked.id.c_str());
        if (asked.key.empty() || text(one, "key") != asked.key) {
            return false;
        }
        try {
            known_[asked.id] = member(one, "layer").get<WritableLayer>();
        } catch (const Json::exception&) {
            return false;
        }
        return true;
    });
}

void WritableLayers::remember() const {
    Json kept = Json::object();
    for (const auto& [id, layer] : known_) {
        if (const std::string& key = keys_.at(id); !key.empty()) {
            kept[id] = {{"key", key}, {"layer", layer}};
        }
    }
    const std::string bytes = kept.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    if (!kept_.empty() && files_.read(kept_) != bytes) {
        try {
            files_.make_private_directory(kept_.parent_path());
            files_.write_durably(kept_, bytes, 0600);
        } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the engine is asked again next time
        }
    }
}

void WritableLayers::finish(const Clock& clock, const Cancel& cancel, std::chrono::seconds longest, Observation& into) {
    constexpr std::chrono::milliseconds kPause{200};
    const auto open = [&] {
        return std::any_of(asked_.begin(), asked_.end(),
                           [](const Asked& asked) { return !asked.ended && !asked.too_long; });
    };
    for (const auto until = clock.steady() + longest; open() && clock.steady() < until;) {
        cancel.check();
        engine_.pump(kPause);
    }
    for (const Asked& asked : asked_) {
        // Half an answer would hide data.
        if (asked.ended && !asked.too_long && asked.status == 200 && Json::accept(asked.body)) {
            known_[asked.id] = read_changes(asked.body, asked.mounts, asked.given);
        } else {
            into.gaps.push_back(
                {asked.service, "what its writable layer holds",
                 asked.ended || asked.too_long
                     ? "the engine could not compare it with the image"
                     : fmt::format("the engine had not compared it with the image after {} s", longest.count())});
        }
    }
    for (ServiceObservation& service : into.services) {
        for (const Container& container : service.containers) {
            if (const auto found = known_.find(container.id); found != known_.end()) {
                service.writable_layers[container.id] = found->second;
            }
        }
    }
    remember();
}

}  // namespace pilotpros
