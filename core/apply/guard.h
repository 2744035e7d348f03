#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// Containers of the engine that are created and never started, with two jobs: while we work on a project, one of a
/// fixed name keeps every other machine that reaches this engine out (a name is given once); and it refers to the
/// images that a snapshot needs, so that no prune of images takes them. (`docker container prune` and `system prune`
/// take the guard itself: then the images are only as safe as their tags.)
class Guard {
  public:
    /// `owner` says whose lock it is, so that a killed command's successor knows its own: machine and state directory.
    Guard(Engine& engine, std::string project, std::string owner);

    /// Locks the project on the engine. A container refers to one image: that of the lock to the first of `images` that
    /// the engine has, and for each further one there is another container, NAME.2, NAME.3 …; without any there is no
    /// guard. A lock that is our own, left by a killed command, is taken over. Throws Error (kRefused)
    /// when another owner holds it.
    void lock(const std::vector<std::string>& images);
    /// The lock, where it is ours, becomes the keeper of the images of this transaction: one step, a rename. False: the
    /// engine did not do all of it, and the lock, which keeps them, has to stay for the next command to try again.
    bool keep(const std::string& transaction);
    /// Only our own. What the engine refuses is left to the next command. Returns whether it is known that nothing of
    /// ours keeps others out any more.
    bool unlock();
    /// Our own of a transaction that needs no images any more. Throws Error (kNotRestored) when it stays.
    void drop(const std::string& transaction);
    /// Drops our own keepers of all but these transactions. Throws Error.
    void keep_only(const std::set<std::string>& transactions);

  private:
    [[nodiscard]] std::string lock_name() const;
    [[nodiscard]] std::string keeper_name(const std::string& transaction) const;
    /// That of a keeper whose name another owner's has.
    [[nodiscard]] std::string marked_name(const std::string& transaction) const;
    /// The transactions that our own keepers are of.
    [[nodiscard]] std::set<std::string> keepers() const;
    /// Whose guard has that name; empty when none has; nothing when the engine does not say.
    [[nodiscard]] std::optional<std::string> owner_of(const std::string& name);
    /// False: the engine has no such image.
    bool create(const std::string& name, const std::string& image);
    /// Throws Error (kRefused).
    [[noreturn]] void refuse(const Response& why) const;
    /// The highest number of the others of a lock or keeper; 1: there are none; nothing when the engine does not say.
    /// Who removes or renames them begins with it, so that a killed command leaves no gap.
    std::optional<int> last_other(const std::string& name);
    /// Whether none is left. Where one may be, the lock or keeper itself has to stay: nobody would look for the others.
    bool remove_others(const std::string& name);
    Response remove(const std::string& name);

    Engine& engine_;
    std::string project_, owner_;
};

/// The label of guards; its value is the project's name.
inline constexpr const char* kGuardLabel = "io.pilotpros.guard";

/// Whose lock it is: this machine, by its name and ID, and this state directory.
std::string lock_owner(const World& world);

}  // namespace pilotpros
