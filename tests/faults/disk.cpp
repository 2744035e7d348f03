#include "tests/faults/disk.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

std::vector<std::string>* calls = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
}

void note(const char* name, const std::string& path) {
    if (calls != nullptr) {
        calls->push_back(std::string{name} + " " + path);
    }
}

}  // namespace

// What this program calls instead of libc's, which it goes on to.
extern "C" {
int fsync(int descriptor) {
    note("fsync", std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor)).string());
    return next<int(int)>("fsync")(descriptor);
}
int rename(const char* from, const char* to) noexcept {
    note("rename", to);
    return next<int(const char*, const char*)>("rename")(from, to);
}
int mkdir(const char* path, mode_t mode) noexcept {
    note("mkdir", path);
    return next<int(const char*, mode_t)>("mkdir")(path, mode);
}
int symlink(const char* target, const char* path) noexcept {
    note("symlink", path);
    return next<int(const char*, const char*)>("symlink")(target, path);
}
}

namespace {

void use(Files& files, const Path& root) {
    files.make_private_directory(root / "a" / "b");
    files.write_durably(root / "a" / "b" / "file", "content", 0600);
    files.write_link(root / "a" / "b" / "link", "file");
    files.make_directory(root / "a" / "c", 0755);
    files.write_durably(root / "a" / "b" / "file", "other", 0600);
    files.remove(root / "a" / "b" / "file");
    files.remove_tree(root / "a");
}

/// The calls that decide what survives, relative to the root, temporary names alike.
std::vector<std::string> that_decide(const std::vector<std::string>& all, const std::string& root) {
    std::vector<std::string> kept;
    for (const std::string& call : all) {
        if (std::regex_search(call, std::regex{"^(fsync|rename|mkdir|symlink) "})) {
            const std::string relative = std::regex_replace(call, std::regex{root}, "");
            kept.push_back(std::regex_replace(relative, std::regex{"\\.pilotpros-tmp-.{6}$"}, ".temporary"));
        }
    }
    return kept;
}

}  // namespace

TEST_CASE("the disk of the fault tests makes the calls of the real one, in their order", "[faults]") {
    const Path root = std::filesystem::temp_directory_path() / ("pilotpros-calls-" + std::to_string(getpid()));
    std::filesystem::create_directory(root);
    std::vector<std::string> real;
    calls = &real;
    DiskFiles disk;
    use(disk, root);
    calls = nullptr;
    std::filesystem::remove_all(root);

    MemoryFiles memory;
    memory.contents["/r/"];
    FaultPoints points;
    FaultDisk simulated{memory, points};
    use(simulated, "/r");
    CHECK(that_decide(real, root.string()) == that_decide(points.names, "/r"));
    CHECK(that_decide(real, root.string()).size() > 12);
}

TEST_CASE("a power cut leaves what was synced, and of the rest any part", "[faults]") {
    MemoryFiles memory;
    memory.contents["/r/"];
    FaultPoints points;
    FaultDisk disk{memory, points};
    disk.write_durably("/r/file", "old", 0600);
    CHECK(disk.after_power_cut().size() == 1);
    std::vector<std::string> found;
    points.on_point = [&] {
        for (const FaultDisk::Image& image : disk.after_power_cut()) {
            found.push_back(image.contents.at("/r/file"));
        }
    };
    disk.write_durably("/r/file", "new", 0600);
    points.on_point = nullptr;
    const auto times = [&](const char* content) { return std::count(found.begin(), found.end(), content); };
    CHECK(times("old") > 5);
    CHECK(times("new") > 0);
    CHECK(times("old") + times("new") == static_cast<std::ptrdiff_t>(found.size()));  // never torn

    disk.no_fsync = true;
    found.clear();
    points.on_point = [&] {
        for (const FaultDisk::Image& image : disk.after_power_cut()) {
            found.push_back(image.contents.at("/r/file"));
        }
    };
    disk.write_durably("/r/file", "third", 0600);
    CHECK(times("") > 0);
}
