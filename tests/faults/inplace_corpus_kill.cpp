// An apply in place into the files that people publish, and its rollback, killed on the way: every project of
// tests/corpus as the file of a machine whose one service is the first that can be changed in it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>

#include "core/lint/as_written.h"
#include "tests/unit/apply/kills.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

/// A published file, and a service in it that takes a limit in place.
struct Published {
    std::string service, file;
};

struct PublishedMachine : ApplyMachine {
    explicit PublishedMachine(const Published& published) : ApplyMachine(published.service, published.file) {
        in_place = true;
    }
};

bool takes_a_limit(const Published& published) {
    PublishedMachine machine{published};
    const std::string before = machine.seen();
    try {
        return machine.apply().code == ExitCode::kDone && machine.seen() != before;
    } catch (const Error&) {
        return false;  // an anchor, an extended service, a variable: in_place.sh has the words
    }
}

std::optional<Published> published_in(const std::filesystem::path& folder) {
    for (const char* name : {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}) {
        std::ifstream stream(folder / name, std::ios::binary);
        const std::string file{std::istreambuf_iterator<char>(stream), {}};
        const std::vector<nlohmann::json> documents = linting::read_yaml(file);
        for (const std::string& service : keys(documents.front(), "services")) {
            if (Published one{service, file}; takes_a_limit(one)) {
                return one;
            }
        }
    }
    return std::nullopt;
}

void put_in(ApplyMachine& machine) { machine.apply(); }

/// Killed at some of its steps, each by chance; how often that left a third state, and at how many steps in all.
template <typename Work, typename Recover>
Tally killed_now_and_then(const Published& published, bool applied, Work work, Recover recover, std::mt19937& chance) {
    constexpr int kKills = 3;
    PublishedMachine whole{published};
    if (applied) {
        whole.apply();
    }
    const std::string before = whole.seen();
    whole.killer = {};
    work(whole);
    const int steps = whole.killer.count;
    const std::string after = whole.seen();
    CHECK(before != after);
    CHECK(steps > 5);
    Tally tally;
    for (int kill = 0; kill < kKills; ++kill) {
        PublishedMachine machine{published};
        if (applied) {
            machine.apply();
        }
        machine.killer = {std::uniform_int_distribution<int>{1, steps}(chance), 0, 0, 0, kill % 2 == 0};
        try {
            work(machine);
        } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): that is how it dies
        }
        machine.killer = {};
        recover(machine);
        ++tally.points;
        tally.third_states += machine.seen() == before || machine.seen() == after ? 0 : 1;
    }
    return tally;
}

}  // namespace

TEST_CASE("in place in every project of the corpus, killed and recovered: the file is the one of before or of after",
          "[inplace]") {
    std::random_device seeds;
    const unsigned seed = seeds();
    INFO("seed " << seed);
    std::mt19937 chance{seed};
    int projects = 0;
    int of_neglect = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::string{SOURCE_DIR} + "/tests/corpus")) {
        const auto published = entry.is_directory() ? published_in(entry.path()) : std::nullopt;
        if (!published) {
            continue;
        }
        INFO(entry.path().filename().string() << ", service " << published->service);
        ++projects;
        CHECK(killed_now_and_then(*published, false, put_in, recover, chance).third_states == 0);
        CHECK(killed_now_and_then(*published, true, take_back, recover, chance).third_states == 0);
        of_neglect += killed_now_and_then(
                          *published, false, put_in, [](ApplyMachine& /*machine*/) {}, chance)
                          .third_states;
        PublishedMachine back{*published};
        back.apply();
        back.roll_back();
        CHECK(back.files.contents.at("/shop/compose.yaml") == published->file);
    }
    CHECK(projects > 50);
    CHECK(of_neglect > projects);  // without the recovery there are third states
}
