#include "core/sys/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "core/apply/project_files.h"
#include "core/model/error.h"
#include "core/model/sha256.h"

using namespace pilotpros;

namespace {

/// A folder that goes with the test.
struct Folder {
    Folder() : path(mkdtemp(name.data())) {}
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
    std::string name{"/tmp/pilotpros-files.XXXXXX"};
    Path path;
};

unsigned mode_of(const Path& path) {
    struct stat status {};
    stat(path.c_str(), &status);
    return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("what is no regular file is refused, and never waited for") {
    const Folder folder;
    const DiskFiles files;
    mkfifo((folder.path / "pipe").c_str(), 0600);
    CHECK_THROWS_AS(files.read(folder.path / "pipe"), Error);
    CHECK_THROWS_AS(files.read(folder.path), Error);
    CHECK_THROWS_AS(files.read("/dev/zero"), Error);  // it has no end
    CHECK(files.read("/dev/null") == "");             // a common way to say: none
    CHECK_FALSE(files.read(folder.path / "nothing"));
    CHECK_FALSE(files.read(folder.path / "pipe" / "below"));
}

TEST_CASE("a durable write replaces the whole file, with its mode, and leaves nothing beside it") {
    const Folder folder;
    DiskFiles files;
    files.make_private_directory(folder.path / "a" / "b");
    CHECK(mode_of(folder.path / "a") == 0700);
    const Path file = folder.path / "a" / "b" / "file";
    files.write_durably(file, "one", 0600);
    files.write_durably(file, "two", 0640);
    CHECK(files.read(file) == "two");
    CHECK(mode_of(file) == 0640);
    CHECK(files.list(file.parent_path()) == std::vector<std::string>{"file"});
    CHECK_THROWS_AS(files.write_durably(folder.path / "no" / "such" / "folder", "x", 0600), Error);
    // Only root can give a file away, and only a file of root's could be taken: elsewhere the owner is the one before.
    constexpr uid_t kSomebody = 4711;
    const bool given = chown(file.c_str(), kSomebody, kSomebody) == 0;
    files.write_durably(file, "three", 0600);
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK(status.st_uid == (given ? kSomebody : geteuid()));
    CHECK(mode_of(file) == 0600);
}

TEST_CASE("a file goes back also where somebody removed the folder that it lay in") {
    const Folder folder;
    DiskFiles files;
    const Path kept = folder.path / "kept";
    files.make_private_directory(kept);
    files.write_durably(kept / "file-1", "before", 0600);
    PathRecord record;
    record.path = folder.path / "ours" / "deep" / "file";
    record.before = {"file", 0640, sha256_hex("before")};
    record.kept = "file-1";
    PathRecord link;
    link.path = folder.path / "links" / "link";
    link.before = {"symlink", 0, "../kept/file-1"};
    restore_paths({record, link}, kept, files);
    CHECK(files.read(record.path) == "before");
    CHECK(mode_of(record.path) == 0640);
    CHECK(mode_of(folder.path / "ours" / "deep") == 0755);
    CHECK(files.read_link(link.path) == Path{"../kept/file-1"});
    PathRecord none;
    none.path = folder.path / "never" / "file";
    restore_paths({none}, kept, files);
    CHECK_FALSE(files.exists(folder.path / "never"));
}
