#include "core/sys/process.h"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/model/error.h"

using namespace pilotpros;

namespace {

Command command(std::vector<std::string> argv) {
    Command result;
    result.argv = std::move(argv);
    return result;
}

}  // namespace

TEST_CASE("a program's output, error and exit code come back") {
    SystemProcess process;
    const Cancel cancel;
    const Finished finished = process.run(command({"sh", "-c", "echo out; echo err >&2; exit 3"}), cancel);
    CHECK(finished.exit_code == 3);
    CHECK(finished.output == "out\n");
    CHECK(finished.error == "err\n");
    CHECK_FALSE(finished.ok());
}

TEST_CASE("input reaches the program, also more than a pipe holds") {
    SystemProcess process;
    const Cancel cancel;
    Command cat = command({"cat"});
    cat.input.assign(1'000'000, 'x');
    CHECK(process.run(cat, cancel).output == cat.input);
}

TEST_CASE("a program that was begun runs while we do something else", "[process]") {
    SystemProcess process;
    const Cancel cancel;
    std::array<char, 32> folder{"/tmp/pilotpros-begun-XXXXXX"};
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    const std::filesystem::path mark = std::filesystem::path{folder.data()} / "mark";
    const auto appears = [&] {
        for (int i = 0; i < 2000 && !std::filesystem::exists(mark); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        return std::filesystem::exists(mark);
    };
    SECTION("and its output is there when it is waited for, however long that took") {
        Command touch = command({"sh", "-c", "touch '" + mark.string() + "'; echo done"});
        touch.timeout = std::chrono::milliseconds{200};
        const auto begun = process.begin({touch});
        CHECK(appears());
        std::this_thread::sleep_for(std::chrono::milliseconds{250});
        const std::vector<Finished> finished = begun->finish(cancel);
        CHECK(finished.front().ok());
        CHECK(finished.front().output == "done\n");
    }
    SECTION("and is ended with what was begun, unless it is waited for") {
        std::string pid;
        {
            const auto begun = process.begin({command({"sh", "-c",
                                                       "echo $$ > '" + mark.string() + ".new'; mv '" + mark.string() +
                                                           ".new' '" + mark.string() + "'; exec sleep 1000"})});
            REQUIRE(appears());
            std::ifstream(mark) >> pid;
        }
        CHECK_FALSE(std::filesystem::exists("/proc/" + pid));
    }
    std::filesystem::remove_all(folder.data());
}

TEST_CASE("a program that never ends is killed with all its children when its time is over") {
    SystemProcess process;
    const Cancel cancel;
    Command slow = command({"sh", "-c", "sleep 1000 & echo $!; wait"});
    slow.timeout = std::chrono::milliseconds{300};
    const Finished finished = process.run(slow, cancel);
    CHECK(finished.timed_out);
    CHECK(finished.signal == SIGKILL);
    const int child = std::stoi(finished.output);
    // The grandchild is reaped by whoever adopts it; a moment later it is gone or a zombie.
    const Finished state =
        process.run(command({"sh", "-c", "sleep 0.1; ps -o state= -p " + std::to_string(child)}), cancel);
    CHECK((state.output.empty() || state.output.front() == 'Z'));
}

TEST_CASE("a program that closes its output but lives on is killed, too") {
    SystemProcess process;
    const Cancel cancel;
    Command silent = command({"sh", "-c", "exec >&- 2>&-; sleep 1000"});
    silent.timeout = std::chrono::milliseconds{300};
    CHECK(process.run(silent, cancel).timed_out);
}

TEST_CASE("several programs run at the same time and keep their order") {
    SystemProcess process;
    const Cancel cancel;
    const auto finished = process.run_all({command({"sh", "-c", "sleep 0.2; echo a"}), command({"echo", "b"})}, cancel);
    CHECK(finished[0].output == "a\n");
    CHECK(finished[1].output == "b\n");
}

TEST_CASE("no shell sees an argument") {
    SystemProcess process;
    const Cancel cancel;
    CHECK(process.run(command({"printf", "%s", "$(echo pwned); `id`"}), cancel).output == "$(echo pwned); `id`");
}

TEST_CASE("a program that is not there is said to be that") {
    SystemProcess process;
    const Cancel cancel;
    CHECK(process.run(command({"no-such-program-anywhere"}), cancel).not_found);
}

TEST_CASE("output beyond its bound is dropped, not kept") {
    SystemProcess process;
    const Cancel cancel;
    Command loud = command({"sh", "-c", "yes | head -c 300000"});
    loud.output_limit = 1000;
    const Finished finished = process.run(loud, cancel);
    CHECK(finished.output.size() == 1000);
    CHECK(finished.exit_code == 0);
}

TEST_CASE("a memory bound stops a program that eats memory") {
    SystemProcess process;
    const Cancel cancel;
    Command greedy = command({"python3", "-c", "x = bytearray(400 * 1024 * 1024)"});
    greedy.memory_limit = 200U << 20U;
    CHECK_FALSE(process.run(greedy, cancel).ok());
    greedy.memory_limit = 0;
    CHECK(process.run(greedy, cancel).ok());
}
