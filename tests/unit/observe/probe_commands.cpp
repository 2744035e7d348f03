#include "core/observe/probe_commands.h"

#include <catch2/catch.hpp>

#include "core/docker/path_stat.h"
#include "core/sys/files.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;

namespace {

/// An engine whose containers have these files: path to link target, or "" for an executable, or "/" for a directory.
class FileEngine final : public Engine {
  public:
    std::map<std::string, std::string> files{{"/", "/"}};
    int created = 0, removed = 0, looks = 0;
    bool gone = false;

    std::vector<Response> call_all(const std::vector<Request>& requests) override {
        std::vector<Response> responses;
        responses.reserve(requests.size());
        for (const Request& request : requests) {
            responses.push_back(answer(request));
        }
        return responses;
    }
    StreamId open(const Request& /*request*/, OnBytes /*on_bytes*/, OnEnd /*on_end*/) override { return 0; }
    void close(StreamId /*id*/) override {}
    void pump(std::chrono::milliseconds /*at_most*/) override {}

  private:
    Response answer(const Request& request) {
        if (request.method == "POST") {
            ++created;
            return {201, R"({"Id":"t1"})", {}};
        }
        if (request.method == "DELETE") {
            ++removed;
            return {204, "", {}};
        }
        ++looks;
        const auto found = files.find(request.query.front().second);
        if (gone || found == files.end()) {
            return {404, "", {}};
        }
        // As Engine 26.1.5 answers.
        static const std::string kDirectory =
            "eyJuYW1lIjoiYmluIiwic2l6ZSI6NDA5NiwibW9kZSI6MjE0NzQ4NDE0MSwibGlua1RhcmdldCI6IiJ9";
        static const std::string kProgram = "eyJuYW1lIjoiY3VybCIsInNpemUiOjcsIm1vZGUiOjQ5MywibGlua1RhcmdldCI6IiJ9";
        static const std::string kBusyboxLink =
            "eyJuYW1lIjoid2dldCIsInNpemUiOjEyLCJtb2RlIjoxMzQyMTgyMzksImxpbmtUYXJnZXQiOiIvYmluL2J1c3lib3gifQ==";
        return {200,
                "",
                {{"x-docker-container-path-stat", found->second == "/"    ? kDirectory
                                                  : found->second.empty() ? kProgram
                                                                          : kBusyboxLink}}};
    }
};

}  // namespace

TEST_CASE("path stat: reads what the engine says", "[apps]") {
    const auto stat = read_path_stat(
        "eyJuYW1lIjoid2dldCIsInNpemUiOjEyLCJtb2RlIjoxMzQyMTgyMzksImxpbmtUYXJnZXQiOiIvYmluL2J1c3lib3gifQ==");
    REQUIRE(stat);
    CHECK(stat->link_target == "/bin/busybox");
    CHECK(stat->size == 12);
    CHECK_FALSE(read_path_stat("***"));
    CHECK_FALSE(read_path_stat("bm9uc2Vuc2U="));
    CHECK_FALSE(read_path_stat(""));
}

TEST_CASE("probe commands: found along PATH, busybox told apart, kept by image", "[apps]") {
    FileEngine engine;
    engine.files.insert(
        {{"/bin", "/"}, {"/usr/bin", "/"}, {"/usr/bin/curl", ""}, {"/bin/wget", "link"}, {"/bin/busybox", ""}});
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    const ProbeCommands found = find_probe_commands(engine, answers, "sha256:1", "/nosuch:/usr/bin:/bin", "c");
    CHECK(found.known);
    CHECK(found.paths == std::map<std::string, std::string>{
                             {"curl", "/usr/bin/curl"}, {"wget", "/bin/wget"}, {"busybox-wget", "/bin/busybox"}});
    const int looks = engine.looks;
    CHECK(find_probe_commands(engine, answers, "sha256:1", "/nosuch:/usr/bin:/bin", "c").paths == found.paths);
    CHECK(engine.looks == looks);
    CHECK(engine.created == 0);
}

TEST_CASE("probe commands: an image FROM scratch has none, which is an answer", "[apps]") {
    FileEngine engine;
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    const ProbeCommands found = find_probe_commands(engine, answers, "sha256:1", "", "");
    CHECK(found.known);
    CHECK(found.paths.empty());
    CHECK(engine.created == 1);
    CHECK(engine.removed == 1);
}

TEST_CASE("probe commands: a container that is gone is a reason, not the answer none", "[apps]") {
    FileEngine engine;
    engine.gone = true;
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    const ProbeCommands found = find_probe_commands(engine, answers, "sha256:1", "", "c");
    CHECK_FALSE(found.known);
    CHECK_FALSE(found.why.empty());
    CHECK(files.contents.empty());
}
