#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/observation.h"
#include "core/model/project.h"
#include "core/model/usage.h"
#include "core/sys/file_lock.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Whose use a profile is. Another image or configuration is another program: its use says nothing of this one's.
struct ProfileKey {
    std::string engine, project, service, image_id, config_hash;
    friend bool operator==(const ProfileKey&, const ProfileKey&) = default;
};

/// What earlier runs measured, in the user's state directory: STATE/ENGINE/PROJECT/profiles/, directories 0700, files
/// 0600, one file a key. Numbers only, never anything secret.
class ProfileStore {
  public:
    /// Old use fades to the half in this time. The half-life of memory in Google's Autopilot (Rzadca et al.,
    /// "Autopilot", EuroSys 2020, 3.2: 48 h for memory, 12 h for CPU; Kubernetes' VPA has 24 h for both): the longer
    /// one, because a profile is taken now and then, not all day.
    static constexpr std::chrono::hours kHalfLife{48};
    /// Keys kept for one service; the one that was not added to for longest goes first.
    static constexpr std::size_t kKeysPerService = 8;
    static constexpr std::chrono::milliseconds kLockWait{5'000};

    using Lock = std::function<FileLock(const Path&)>;

    /// `lock` keeps two processes from losing each other's addition; a disk in memory needs none.
    ProfileStore(
        Files& files, Path state_directory, Lock lock = [](const Path& file) {
            return FileLock{file, kLockWait};
        });

    /// Adds what a run measured to what is kept; `watched` by application replaces what was kept of it. Throws Error
    /// when it cannot be kept.
    void add(const ProfileKey& key, const Usage& usage, const nlohmann::json& watched = nlohmann::json::object());
    /// What is kept, faded to `now`; nothing when there is nothing.
    [[nodiscard]] std::optional<Usage> read(const ProfileKey& key, TimePoint now);
    /// What applications were seen to do while they were measured (the facts' "watched"), by kind.
    [[nodiscard]] nlohmann::json watched(const ProfileKey& key);
    /// The key of the service that was added to last, whatever its image and configuration.
    [[nodiscard]] std::optional<ProfileKey> latest(const std::string& engine, const std::string& project,
                                                   const std::string& service);
    /// Where the key's file lies.
    [[nodiscard]] Path file_of(const ProfileKey& key) const;

    /// What was found unreadable and set aside, and the like: one line each, since the store was made.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  private:
    struct Kept;

    [[nodiscard]] Path directory_of(const std::string& engine, const std::string& project) const;
    /// Reading needs no lock, and so must not move files.
    enum class Damaged { kLeave, kSetAside };
    std::optional<Kept> load(const Path& file, Damaged damaged);
    /// By the time they were added to last.
    std::vector<Kept> all_of(const Path& directory, const std::string& service, Damaged damaged);
    void make_room(const Path& directory, const ProfileKey& key);

    Files& files_;
    Path state_directory_;
    Lock lock_;
    std::vector<std::string> notes_;
};

/// Adds the use of every container that was measured. What cannot be kept becomes a gap.
void keep_usage(ProfileStore& store, const Project& project, Observation& observation);

/// Fills in what is kept of every service and, where this run did not watch them, of its applications: of its present
/// image and configuration, else of the latest one, with a gap that says so.
void read_kept_usage(ProfileStore& store, const Project& project, Observation& observation, TimePoint now);

/// A name that any file system takes, and that differs where the given one differs: what is not a letter, digit, or one
/// of -_.: becomes %XX, a very long name is cut and ends in its hash.
std::string safe_file_name(const std::string& name);

}  // namespace pilotpros
