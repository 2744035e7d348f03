// Over every project of tests/corpus: whatever is changed in place, every byte outside of the edits is the one it was,
// undoing gives the file back, and what a reader of YAML that knows nothing of us makes of it is what was wanted and
// nothing else.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/lint/as_written.h"
#include "core/model/json.h"
#include "tests/unit/inplace/in_place_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

namespace {

std::string read_whole(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The files of a project, as plain Compose finds them.
std::vector<ProjectFile> files_in(const std::filesystem::path& folder) {
    std::vector<ProjectFile> files;
    for (const std::vector<const char*>& names :
         {std::vector<const char*>{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"},
          {"compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml",
           "docker-compose.override.yml"}}) {
        const auto name = std::find_if(names.begin(), names.end(),
                                       [&](const char* one) { return std::filesystem::exists(folder / one); });
        if (name != names.end()) {
            files.push_back({(folder / *name).string(), read_whole(folder / *name)});
        }
    }
    return files;
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// What a file says once a Change is made in it; read by another reader than the code's.
void put_value(Json& model, const Change& change) {
    Json* at = &model["services"][change.service];
    for (std::size_t step = 0; step < change.target.path.size(); ++step) {
        const std::string& key = change.target.path[step];
        if (at->is_array()) {  // of an environment: NAME=VALUE
            const std::string line = key + "=" + text_of(change.after);
            for (Json& item : *at) {
                if (item == key || text_of(item).starts_with(key + "=")) {
                    item = line;
                    return;
                }
            }
            at->push_back(line);
            return;
        }
        at = &(*at)[key];
    }
    if (!change.after.is_array()) {
        *at = text_of(change.after);
    } else if (change.target.path.front() == "volumes" && at->is_array()) {
        at->insert(at->end(), change.after.begin(), change.after.end());
    } else {
        *at = change.after;
    }
}

/// Line ends that are not those of Windows.
int bare_line_ends(const std::string& text) {
    int found = 0;
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
        found += at == 0 || text[at - 1] != '\r' ? 1 : 0;
    }
    return found;
}

/// Why the edits are not what they have to be; empty: they are.
std::string wrong(const ProjectFile& file, const std::vector<ByteEdit>& edits, const std::vector<Change>& changes) {
    const std::string patched = with_edits(file.bytes, edits);
    std::size_t old_at = 0;
    std::size_t new_at = 0;
    for (const ByteEdit& edit : edits) {
        const std::size_t same = edit.at - old_at;
        if (file.bytes.compare(old_at, same, patched, new_at, same) != 0) {
            return "a byte outside of the edits changed";
        }
        old_at = edit.at + edit.length;
        new_at += same + edit.text.size();
    }
    if (file.bytes.substr(old_at) != patched.substr(new_at)) {
        return "a byte behind the edits changed";
    }
    if (with_edits(patched, undoing(file.bytes, edits)) != file.bytes) {
        return "undoing does not give the file back";
    }
    const bool windows = file.bytes.find('\r') != std::string::npos;
    if ((windows ? bare_line_ends(patched) != bare_line_ends(file.bytes) : patched.find('\r') != std::string::npos) ||
        patched.ends_with('\n') != file.bytes.ends_with('\n')) {
        return "line ends changed";
    }
    std::vector<Json> expected = linting::read_yaml(file.bytes);
    for (const Change& change : changes) {
        put_value(expected.front(), change);
    }
    return linting::read_yaml(patched) == expected ? "" : "it reads otherwise than was wanted:\n" + patched;
}

/// In a project of more services each gets one kind of Change, by turns: every one reads the whole file.
constexpr std::size_t kMany = 20;

/// What may be wanted of a service, each kind of place once.
std::vector<Change> kinds_of_changes(const std::string& service) {
    return {wanted(service, {"mem_limit"}, "77m"),
            wanted(service, {"deploy", "resources", "limits", "memory"}, "77M"),
            wanted(service, {"healthcheck", "interval"}, "77s"),
            wanted(service, {"healthcheck", "test"}, {"CMD", "planted", "--here"}),
            wanted(service, {"environment", "NODE_OPTIONS"}, "--planted=77"),
            wanted(service, {"logging", "options", "max-size"}, "77m"),
            wanted(service, {"command"}, {"planted", "-c", "x=77"}),
            wanted(service, {"volumes"}, {"./planted:/planted:ro"})};
}

}  // namespace

TEST_CASE("in place over the corpus: outside of the edits no byte changes, and it reads as wanted", "[inplace]") {
    int done = 0;
    int together = 0;
    std::map<std::string, int> refused;
    for (const auto& entry : std::filesystem::directory_iterator(std::string{SOURCE_DIR} + "/tests/corpus")) {
        if (!entry.is_directory()) {
            continue;
        }
        const std::vector<ProjectFile> files = files_in(entry.path());
        REQUIRE_FALSE(files.empty());
        std::map<std::string, std::vector<Change>> fine;  // by file
        for (const ProjectFile& file : files) {
            const std::vector<Json> documents = linting::read_yaml(file.bytes);
            const std::vector<std::string> services = keys(documents.front(), "services");
            std::size_t turn = 0;
            for (const std::string& service : services) {
                std::vector<Change> changes = kinds_of_changes(service);
                if (services.size() > kMany) {
                    changes = {changes[turn++ % changes.size()]};
                }
                for (const Change& change : changes) {
                    const InPlaceEdits result = edits_in_place(files, plan_of({change}));
                    if (!result.refusals.empty()) {
                        ++refused[entry.path().filename().string()];
                        continue;
                    }
                    REQUIRE(result.edits.size() == 1);
                    const auto target = std::find_if(files.begin(), files.end(), [&](const ProjectFile& one) {
                        return one.path == result.edits.begin()->first;
                    });
                    INFO(fmt::format("{}: {}", target->path, nlohmann::json(change).dump()));
                    CHECK(wrong(*target, result.edits.begin()->second, {change}).empty());
                    ++done;
                    if (target->path == file.path && change.target.path.front() != "mem_limit") {
                        fine[file.path].push_back(change);
                    }
                }
            }
        }
        // All that can be done one by one can be done at once.
        for (const ProjectFile& file : files) {
            const InPlaceEdits result = edits_in_place(files, plan_of(fine[file.path]));
            INFO(file.path);
            REQUIRE(result.refusals.empty());
            if (!fine[file.path].empty()) {
                CHECK(wrong(file, result.edits.at(file.path), fine[file.path]).empty());
                ++together;
            }
        }
    }
    int not_done = 0;
    for (const auto& [name, number] : refused) {
        not_done += number;
    }
    CHECK(done > 2500);
    CHECK(together > 60);
    CHECK(not_done > 50);  // anchors, aliases, extends, variables
    CHECK(not_done < done / 4);
}

TEST_CASE("in place, the check over the corpus can fail", "[inplace]") {
    const ProjectFile file{"/shop/compose.yaml", "services:\r\n  web:\r\n    image: x\r\n    mem_limit: 1g\r\n"};
    const Change change = wanted("web", {"mem_limit"}, "2g");
    const InPlaceEdits result = edits_in_place({file}, plan_of({change}));
    std::vector<ByteEdit> edits = result.edits.at(file.path);
    REQUIRE(wrong(file, edits, {change}).empty());
    SECTION("one byte too late") { ++edits.front().at; }
    SECTION("one byte too many") { ++edits.front().length; }
    SECTION("another value") { edits.front().text = "3g"; }
    SECTION("an edit more") { edits.insert(edits.begin(), {12, 1, "\n "}); }
    SECTION("another line end") { edits.push_back({file.bytes.size() - 2, 2, ""}); }
    CHECK_FALSE(wrong(file, edits, {change}).empty());
}
