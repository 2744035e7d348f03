#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/model/error.h"
#include "core/sys/file_lock.h"
#include "core/sys/files.h"
#include "tests/faults/points.h"

namespace pilotpros::testing {

/// A disk that works as DiskFiles does, call by call, and knows what of it would survive a power cut: the content of a
/// file is certain after its fsync, a name after that of its folder, in no other order than that. Each call is a point
/// at which it may fail. That its calls are those of DiskFiles is tested (disk.cpp).
class FaultDisk final : public Files {
  public:
    FaultDisk(MemoryFiles& visible, FaultPoints& points) : visible_(visible), points_(points) {}

    [[nodiscard]] std::optional<std::string> read(const Path& path) const override { return visible_.read(path); }
    [[nodiscard]] bool exists(const Path& path) const override { return visible_.exists(path); }
    [[nodiscard]] bool is_directory(const Path& path) const override { return visible_.is_directory(path); }
    [[nodiscard]] std::vector<std::string> list(const Path& path) const override { return visible_.list(path); }
    [[nodiscard]] Path canonical(const Path& path) const override { return visible_.canonical(path); }
    [[nodiscard]] FileState state(const Path& path) const override { return visible_.state(path); }
    [[nodiscard]] std::optional<Path> read_link(const Path& path) const override { return visible_.read_link(path); }

    void write_durably(const Path& path, const std::string& bytes, unsigned mode) override {
        const Path temporary{path.string() + kTemporary};
        require_parent(path);
        checked(path, [&] { call("create", temporary, true); });
        set(temporary, Inode{Kind::kFile, "", 0600, false});
        try {
            for (const std::size_t length : {bytes.size() / 2, bytes.size()}) {
                call("write", temporary, true);
                change(temporary, [&](Inode& inode) { inode.content = bytes.substr(0, length); });
            }
            call("chmod", temporary);
            change(temporary, [&](Inode& inode) { inode.mode = mode; });
            call("fsync", temporary, true);
            change(temporary, [&](Inode& inode) { inode.synced = no_fsync ? inode.synced : true; });
            call("rename", path, true);
            move(temporary, path);
        } catch (const Failed& failed) {
            set(temporary, std::nullopt);
            refuse(path, failed.error);
        }
        sync_folder_of(path);
    }
    void make_private_directory(const Path& directory) override {
        if (is_directory(directory)) {
            return;
        }
        make_private_directory(directory.parent_path());
        checked(directory, [&] { call("mkdir", directory, true); });
        set(directory, Inode{Kind::kFolder, "", 0700, true});
        sync_folder_of(directory);
    }
    void write_link(const Path& path, const Path& target) override {
        const Path temporary{path.string() + kTemporary};
        checked(path, [&] { call("symlink", temporary, true); });
        set(temporary, Inode{Kind::kLink, target.string(), 0, true});
        try {
            call("rename", path, true);
            move(temporary, path);
        } catch (const Failed& failed) {
            set(temporary, std::nullopt);
            refuse(path, failed.error);
        }
        sync_folder_of(path);
    }
    void make_directory(const Path& directory, unsigned mode) override {
        if (is_directory(directory)) {
            return;
        }
        checked(directory, [&] { call("mkdir", directory, true); });
        set(directory, Inode{Kind::kFolder, "", mode, true});
        sync_folder_of(directory);
    }
    void remove(const Path& path) override {
        if (visible_.state(path).kind == FileState::Kind::kAbsent) {
            return;
        }
        if (is_directory(path) && !list(path).empty()) {
            refuse(path, ENOTEMPTY);
        }
        checked(path, [&] { call("unlink", path); });
        set(path, std::nullopt);
        sync_folder_of(path);
    }
    void remove_tree(const Path& directory) override {
        if (is_directory(directory)) {
            remove_below(directory);
        }
        sync_folder_of(directory);
    }
    [[nodiscard]] FileLock lock_with_children(const Path& /*file*/, std::chrono::milliseconds /*at_most*/) override {
        return {};
    }

    /// A whole disk.
    struct Image {
        std::map<Path, std::string> contents;
        std::map<Path, Path> links;
        std::map<Path, unsigned> modes;
        friend bool operator==(const Image&, const Image&) = default;
    };
    [[nodiscard]] Image now() const { return {visible_.contents, visible_.links, visible_.modes}; }
    /// What may be on it after a power cut now, every possibility, but no more than so many.
    [[nodiscard]] std::vector<Image> after_power_cut(std::size_t at_most = 4096) const {
        std::vector<std::pair<Path, std::vector<std::optional<Inode>>>> open;
        for (const auto& [path, history] : uncertain_) {
            std::vector<std::optional<Inode>> possible;
            for (const std::shared_ptr<Inode>& one : history) {
                for (std::optional<Inode>& form : forms_of(one)) {
                    possible.push_back(std::move(form));
                }
            }
            open.emplace_back(path, std::move(possible));
        }
        std::vector<Image> images;
        std::vector<std::size_t> choice(open.size(), 0);
        while (images.size() < at_most) {
            images.push_back(image_of_choice(open, choice));
            std::size_t digit = 0;
            while (digit < choice.size() && ++choice[digit] == open[digit].second.size()) {
                choice[digit++] = 0;
            }
            if (digit == choice.size()) {
                break;
            }
        }
        return images;
    }
    /// A disk that was just mounted: all of it is certain.
    void load(const Image& image) {
        visible_.contents = image.contents;
        visible_.links = image.links;
        visible_.modes = image.modes;
        uncertain_.clear();
        inodes_.clear();
    }

    bool no_fsync = false;  ///< planted: a disk that forgets what it was told to keep

  private:
    enum class Kind { kFile, kFolder, kLink };
    struct Inode {
        Kind kind = Kind::kFile;
        std::string content;  ///< of a link: where it leads
        unsigned mode = 0;
        bool synced = true;
    };
    struct Failed {
        int error;
    };
    static constexpr const char* kTemporary = ".pilotpros-tmp-Ab12Cd";

    [[noreturn]] static void refuse(const Path& path, int error) {
        throw Error(ExitCode::kRefused,
                    fmt::format("cannot change {}: {}", path.string(), std::generic_category().message(error)));
    }
    void require_parent(const Path& path) const {
        if (!visible_.is_directory(path.parent_path())) {
            refuse(path, ENOENT);
        }
    }
    void call(const char* name, const Path& path, bool takes_space = false) {
        const Fault fault =
            points_.next(FaultPoints::Seam::kDisk, fmt::format("{} {}", name, path.string()), false, takes_space);
        if (fault != Fault::kNone) {
            throw Failed{fault == Fault::kFull || fault == Fault::kFullOnce ? ENOSPC : EIO};
        }
    }
    template <typename Work>
    static void checked(const Path& path, Work work) {
        try {
            work();
        } catch (const Failed& failed) {
            refuse(path, failed.error);
        }
    }

    [[nodiscard]] std::shared_ptr<Inode> inode_at(const Path& path) const {
        if (const auto known = inodes_.find(path); known != inodes_.end()) {
            return known->second;
        }
        const FileState state = visible_.state(path);
        switch (state.kind) {
            case FileState::Kind::kFile:
                return std::make_shared<Inode>(Inode{Kind::kFile, *visible_.read(path), state.mode, true});
            case FileState::Kind::kDirectory:
                return std::make_shared<Inode>(Inode{Kind::kFolder, "", state.mode, true});
            case FileState::Kind::kSymlink:
                return std::make_shared<Inode>(Inode{Kind::kLink, visible_.read_link(path)->string(), 0, true});
            case FileState::Kind::kAbsent:
            case FileState::Kind::kOther:
                break;
        }
        return nullptr;
    }
    void show(const Path& path, const std::shared_ptr<Inode>& inode) {
        put({visible_.contents, visible_.links, visible_.modes}, path, inode ? std::optional{*inode} : std::nullopt);
    }
    struct Maps {
        std::map<Path, std::string>& contents;
        std::map<Path, Path>& links;
        std::map<Path, unsigned>& modes;
    };
    static void put(const Maps& maps, const Path& path, const std::optional<Inode>& inode) {
        maps.contents.erase(path);
        maps.contents.erase(path / "");
        maps.links.erase(path);
        maps.modes.erase(path);
        if (!inode) {
            return;
        }
        if (inode->kind == Kind::kLink) {
            maps.links[path] = inode->content;
            return;
        }
        maps.contents[inode->kind == Kind::kFolder ? path / "" : path] = inode->content;
        maps.modes[path] = inode->mode;
    }
    void point_to(const Path& path, std::shared_ptr<Inode> inode) {
        auto& history = uncertain_[path];
        if (history.empty()) {
            history.push_back(inode_at(path));
        }
        history.push_back(inode);
        show(path, inode);
        inodes_[path] = std::move(inode);
    }
    void set(const Path& path, const std::optional<Inode>& inode) {
        point_to(path, inode ? std::make_shared<Inode>(*inode) : nullptr);
    }
    template <typename Work>
    void change(const Path& path, Work work) {
        work(*inodes_.at(path));
        show(path, inodes_.at(path));
    }
    void move(const Path& from, const Path& to) {
        const std::shared_ptr<Inode> inode = inodes_.at(from);
        point_to(from, nullptr);
        point_to(to, inode);
    }
    void sync_folder_of(const Path& path) {
        checked(path, [&] { call("fsync", path.parent_path(), true); });
        if (no_fsync) {
            return;
        }
        const auto settled = [&](const auto& entry) {
            const auto known = inodes_.find(entry.first);
            return entry.first.parent_path() == path.parent_path() &&
                   (known == inodes_.end() || !known->second || known->second->synced);
        };
        std::erase_if(uncertain_, settled);
        std::erase_if(inodes_, settled);
        for (auto& [name, history] : uncertain_) {
            if (name.parent_path() == path.parent_path()) {
                history = {inodes_.at(name)};  // its name is certain, its content is not
            }
        }
    }
    void remove_below(const Path& directory) {
        for (const std::string& name : list(directory)) {
            const Path path = directory / name;
            if (visible_.state(path).kind == FileState::Kind::kDirectory) {
                remove_below(path);
            } else {
                checked(path, [&] { call("unlink", path); });
                set(path, std::nullopt);
            }
        }
        checked(directory, [&] { call("unlink", directory); });
        set(directory, std::nullopt);
    }

    /// As what one inode may be found.
    static std::vector<std::optional<Inode>> forms_of(const std::shared_ptr<Inode>& inode) {
        if (!inode) {
            return {std::nullopt};
        }
        if (inode->synced) {
            return {*inode};
        }
        Inode empty = *inode;
        Inode torn = *inode;
        empty.content.clear();
        torn.content.resize(torn.content.size() / 2);
        return {*inode, torn, empty};
    }
    [[nodiscard]] Image image_of_choice(const std::vector<std::pair<Path, std::vector<std::optional<Inode>>>>& open,
                                        const std::vector<std::size_t>& choice) const {
        Image image = now();
        std::vector<Path> lost;  // with these folders goes all that is in them
        for (std::size_t at = 0; at < open.size(); ++at) {
            const auto& [path, possible] = open[at];
            put({image.contents, image.links, image.modes}, path, possible[choice[at]]);
            if (!possible[choice[at]]) {
                lost.push_back(path / "");
            }
        }
        const auto below = [&](const auto& entry) {
            return std::any_of(lost.begin(), lost.end(),
                               [&](const Path& folder) { return entry.first.string().starts_with(folder.string()); });
        };
        std::erase_if(image.contents, below);
        std::erase_if(image.links, below);
        std::erase_if(image.modes, below);
        return image;
    }

    MemoryFiles& visible_;
    FaultPoints& points_;
    std::map<Path, std::vector<std::shared_ptr<Inode>>> uncertain_;  ///< what a name may lead to, oldest first
    std::map<Path, std::shared_ptr<Inode>> inodes_;                  ///< of names that were changed; null: removed
};

}  // namespace pilotpros::testing
