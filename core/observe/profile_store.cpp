#include "core/observe/profile_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/model/error.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

constexpr int kVersion = 1;
constexpr unsigned kFileMode = 0600;
constexpr std::size_t kLongestName = 100;  // with what stands behind it well below the 255 bytes that file systems take
constexpr const char* kSuffix = ".json";

std::string prefix_of(const std::string& service) { return safe_file_name(service) + "@"; }

void fade_to(Usage& usage, TimePoint now) {
    const Seconds age{now - usage.to};
    if (age.count() > 0) {
        usage.fade(std::exp2(-age / Seconds{ProfileStore::kHalfLife}));
    }
}

}  // namespace

std::string safe_file_name(const std::string& name) {
    std::string result;
    for (const char one : name) {
        const auto byte = static_cast<unsigned char>(one);
        const bool plain =
            std::isalnum(byte) != 0 || one == '-' || one == '_' || one == ':' || (one == '.' && !result.empty());
        result += plain && byte < 0x80 ? std::string{one} : fmt::format("%{:02X}", byte);
    }
    if (result.empty()) {
        return "%";
    }
    if (result.size() > kLongestName) {
        result = result.substr(0, kLongestName - 33) + "-" + sha256_hex(name).substr(0, 32);
    }
    return result;
}

struct ProfileStore::Kept {
    ProfileKey key;
    Usage usage;
    nlohmann::json watched;
};

ProfileStore::ProfileStore(Files& files, Path state_directory, Lock lock)
    : files_(files), state_directory_(std::move(state_directory)), lock_(std::move(lock)) {}

Path ProfileStore::directory_of(const std::string& engine, const std::string& project) const {
    return state_directory_ / safe_file_name(engine) / safe_file_name(project) / "profiles";
}

Path ProfileStore::file_of(const ProfileKey& key) const {
    const std::string identity = sha256_hex(key.service + '\0' + key.image_id + '\0' + key.config_hash);
    return directory_of(key.engine, key.project) / (prefix_of(key.service) + identity.substr(0, 16) + kSuffix);
}

std::optional<ProfileStore::Kept> ProfileStore::load(const Path& file, Damaged damaged) {
    const auto bytes = files_.read(file);
    if (!bytes) {
        return std::nullopt;
    }
    const auto json = nlohmann::json::parse(*bytes, nullptr, false);
    try {
        const int version = json.at("version").get<int>();
        if (version > kVersion) {
            throw Error(
                ExitCode::kRefused,
                fmt::format("the kept profile {} was written by a newer version of this program", file.string()),
                "use that version, or move the file away");
        }
        Kept kept;
        kept.key = {json.at("engine").get<std::string>(), json.at("project").get<std::string>(),
                    json.at("service").get<std::string>(), json.at("image").get<std::string>(),
                    json.at("configuration").get<std::string>()};
        kept.usage = json.at("usage").get<Usage>();
        kept.watched = json.value("watched", nlohmann::json::object());
        if (file_of(kept.key) != file) {
            throw std::invalid_argument("it is another key's");
        }
        return kept;
    } catch (const Error&) {
        throw;
    } catch (const std::exception&) {
        if (damaged == Damaged::kSetAside) {
            const Path aside = file.string() + ".unreadable";
            files_.write_durably(aside, *bytes, kFileMode);
            files_.remove(file);
            notes_.push_back(
                fmt::format("{} is damaged; it was renamed to {}", file.string(), aside.filename().string()));
        } else {
            notes_.push_back(fmt::format("{} is damaged; the next run sets it aside", file.string()));
        }
        return std::nullopt;
    }
}

void ProfileStore::add(const ProfileKey& key, const Usage& usage, const nlohmann::json& watched) {
    const Path directory = directory_of(key.engine, key.project);
    files_.make_private_directory(directory);
    const FileLock held = lock_(directory / ".lock");
    const Path file = file_of(key);
    Usage merged;
    nlohmann::json seen = nlohmann::json::object();
    if (auto kept = load(file, Damaged::kSetAside)) {
        merged = std::move(kept->usage);
        seen = std::move(kept->watched);
        fade_to(merged, usage.to);
    } else {
        make_room(directory, key);
    }
    merged.merge(usage);
    if (seen.is_object() && watched.is_object()) {
        seen.update(watched);
    }
    const nlohmann::json json = {{"version", kVersion},    {"engine", key.engine},  {"project", key.project},
                                 {"service", key.service}, {"image", key.image_id}, {"configuration", key.config_hash},
                                 {"usage", merged},        {"watched", seen}};
    files_.write_durably(file, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", kFileMode);
}

std::vector<ProfileStore::Kept> ProfileStore::all_of(const Path& directory, const std::string& service,
                                                     Damaged damaged) {
    std::vector<Kept> result;
    for (const std::string& name : files_.list(directory)) {
        if (!name.starts_with(prefix_of(service)) || !name.ends_with(kSuffix)) {
            continue;
        }
        try {
            if (auto kept = load(directory / name, damaged)) {
                result.push_back(std::move(*kept));
            }
        } catch (const Error& error) {
            notes_.emplace_back(error.what());
        }
    }
    std::sort(result.begin(), result.end(),
              [](const Kept& left, const Kept& right) { return left.usage.to < right.usage.to; });
    return result;
}

void ProfileStore::make_room(const Path& directory, const ProfileKey& key) {
    const std::vector<Kept> others = all_of(directory, key.service, Damaged::kSetAside);
    for (std::size_t i = 0; i + kKeysPerService <= others.size(); ++i) {
        files_.remove(file_of(others[i].key));
    }
}

std::optional<Usage> ProfileStore::read(const ProfileKey& key, TimePoint now) {
    auto kept = load(file_of(key), Damaged::kLeave);
    if (!kept) {
        return std::nullopt;
    }
    fade_to(kept->usage, now);
    return std::move(kept->usage);
}

nlohmann::json ProfileStore::watched(const ProfileKey& key) {
    auto kept = load(file_of(key), Damaged::kLeave);
    return kept && kept->watched.is_object() ? std::move(kept->watched) : nlohmann::json::object();
}

std::optional<ProfileKey> ProfileStore::latest(const std::string& engine, const std::string& project,
                                               const std::string& service) {
    const std::vector<Kept> kept = all_of(directory_of(engine, project), service, Damaged::kLeave);
    return kept.empty() ? std::nullopt : std::optional{kept.back().key};
}

namespace {

ProfileKey key_of(const Observation& observation, const Project& project, const std::string& service,
                  const Container& container) {
    return {observation.engine ? observation.engine->id : "", project.name, service, container.image_id,
            container.config_hash};
}

void say_notes(const ProfileStore& store, std::size_t already, Observation& observation) {
    for (std::size_t i = already; i < store.notes().size(); ++i) {
        observation.gaps.push_back({"project", "part of what earlier runs measured", store.notes()[i]});
    }
}

}  // namespace

namespace {

nlohmann::json watched_of(const ServiceObservation& service) {
    nlohmann::json watched = nlohmann::json::object();
    for (const Application& application : service.applications) {
        if (application.facts.is_object() && application.facts.contains("watched")) {
            watched[application.kind] = application.facts["watched"];
        }
    }
    return watched;
}

/// What only a measuring run sees of an application stays known until the next one.
void restore_watched(const nlohmann::json& watched, ServiceObservation& service) {
    for (Application& application : service.applications) {
        const auto found = watched.find(application.kind);
        if (found != watched.end() && application.facts.is_object() && !application.facts.empty() &&
            !application.facts.contains("watched")) {
            application.facts["watched"] = *found;
        }
    }
}

}  // namespace

void keep_usage(ProfileStore& store, const Project& project, Observation& observation) {
    const std::size_t already = store.notes().size();
    for (const ServiceObservation& service : observation.services) {
        std::vector<std::pair<ProfileKey, std::vector<Usage>>> run;  // its containers together
        for (const Container* const container : service.all_containers()) {
            const auto usage = service.usage.find(container->id);
            if (usage == service.usage.end() || usage->second.empty()) {
                continue;
            }
            const ProfileKey key = key_of(observation, project, service.service, *container);
            const auto same = std::find_if(run.begin(), run.end(), [&](const auto& one) { return one.first == key; });
            (same == run.end() ? run.emplace_back(key, std::vector<Usage>{}) : *same).second.push_back(usage->second);
        }
        for (const auto& [key, replicas] : run) {
            try {
                store.add(key, merged_replicas(replicas), watched_of(service));
            } catch (const Error& error) {
                observation.gaps.push_back({service.service, "this run's use, for later runs",
                                            std::string{"it could not be kept: "} + error.what()});
            }
        }
    }
    say_notes(store, already, observation);
}

void read_kept_usage(ProfileStore& store, const Project& project, Observation& observation, TimePoint now) {
    const std::size_t already = store.notes().size();
    for (ServiceObservation& service : observation.services) {
        try {
            std::optional<ProfileKey> key;
            std::optional<Usage> kept;
            if (!service.containers.empty()) {
                key = key_of(observation, project, service.service, service.containers.front());
                kept = store.read(*key, now);
            }
            if (!kept && observation.engine) {
                key = store.latest(observation.engine->id, project.name, service.service);
                kept = key ? store.read(*key, now) : std::nullopt;
                if (kept) {
                    kept->probes = {};  // of another health check, maybe
                    observation.gaps.push_back({service.service, "use of its present image and configuration",
                                                "none was measured yet; what is shown as kept is that of " +
                                                    (service.containers.empty() ? std::string{"the last one"}
                                                                                : std::string{"an earlier one"})});
                }
            }
            if (kept) {
                service.kept = std::move(*kept);
                restore_watched(store.watched(*key), service);
                service.profile_key = store.file_of(*key).stem().string();
            }
        } catch (const Error& error) {
            observation.gaps.push_back({service.service, "what earlier runs measured", error.what()});
        }
    }
    say_notes(store, already, observation);
}

}  // namespace pilotpros
