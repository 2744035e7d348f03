#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <fstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "core/model/error.h"
#include "plugin/views/findings_view.h"
#include "plugin/views/text.h"
#include "plugin/views/tune_diff.h"
#include "plugin/views/tune_explain.h"
#include "plugin/views/tune_json.h"
#include "plugin/views/tune_table.h"

using namespace pilotpros;
using Json = nlohmann::json;
using Catch::Contains;

namespace {

constexpr Bytes kGiB = Bytes{1} << 30U;

Change change(const std::string& service, const std::string& advisor, const std::string& key, Json before, Json after,
              const std::string& reason, Cost cost = Cost::kRecreate) {
    Change result;
    result.service = service;
    result.advisor = advisor;
    result.key = key;
    result.target.path = {key};
    result.before = std::move(before);
    result.after = std::move(after);
    result.reason = reason;
    result.rule = "rule of " + key;
    result.source = "https://docs.example/" + key;
    result.cost = cost;
    return result;
}

/// A Plan with something of everything.
struct Shown {
    Plan plan;
    Project project;
    Observation observation;
    Bundle bundle;
    std::vector<std::string> masked_changes;
    std::set<std::string> waiting;
    std::set<std::string> owners;
    bool applied = false;
    std::string try_command = "docker pilotpros tune --apply";
    std::string undo_command = "docker pilotpros rollback";
    std::string files_command, ask_command;

    Shown() {
        plan.project = "shop";
        Change memory = change("db", "limits", "memory", nullptr, "640m",
                               "peak of 412 MiB that cannot be reclaimed, and shared_buffers of 160 MiB");
        memory.target.path = {"mem_limit"};
        memory.inputs = {{"highest memory that cannot be reclaimed", "412 MiB", "profile of 2 min, 14 looks"}};
        memory.recipe = "would have written 4G on a machine of 2 GiB";
        memory.risk = Risk::kMedium;
        memory.joint = "memory";
        Change buffers = change("db", "postgres", "shared_buffers", "128MB", "160MB",
                                "a quarter of the 640 MiB that the container may use", Cost::kRestart);
        buffers.target = {Target::Kind::kPostgres, {"shared_buffers"}};
        buffers.joint = "memory";
        Change mount = change("db", "postgres", "configuration", nullptr,
                              Json::array({"./.pilotpros/postgres/db:/etc/pilotpros/postgres:ro"}), "");
        mount.target.path = {"volumes"};
        mount.carrier = true;
        Change command =
            change("db", "postgres", "command", Json::array({"postgres"}),
                   Json::array({"postgres", "-c", "config_file=/etc/pilotpros/postgres/postgresql.conf"}), "");
        command.carrier = true;
        Change probe = change("web", "healthcheck", "healthcheck.test", Json::array({"CMD-SHELL", "curl -f localhost"}),
                              Json::array({"CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/a b"}),
                              "curl is not in the image, wget is");
        probe.target.path = {"healthcheck", "test"};
        plan.changes = {memory, buffers, mount, command, probe};
        plan.verdicts = {
            {"db", "", Verdict::Outcome::kAccepted, "PostgreSQL 17.2 of this image", "started in 640 MiB", Seconds{2}},
            {"db", "memory", Verdict::Outcome::kDerived, "", "from the profile", Seconds{0}},
            {"web", "healthcheck.test", Verdict::Outcome::kNotAsked, "", "web does not run", Seconds{0}}};
        plan.left_alone = {{"web", "limits", "memory", "insufficient evidence: 20 s without a request"},
                           {"api", "limits", "memory", "insufficient evidence: 20 s without a request"},
                           {"db", "postgres", "work_mem", "the user set it with -c"},
                           {"api", "logging", "", "excluded by x-pilotpros"}};
        plan.findings = {{"", "open-port", Finding::Severity::kNote, "5432 is published on every interface",
                          "anybody in the network can try passwords", "ports: [\"127.0.0.1:5432:5432\"]", "section 4"},
                         {"web", "data-in-container-layer", Finding::Severity::kError, "uploads lie in the container",
                          "the next container comes without them", "volumes:\n  - uploads:/srv/uploads", "section 5"}};
        plan.budget = {2, 2 * kGiB, kGiB / 4, 0, 640 * (Bytes{1} << 20U), {{"db", {kGiB, true, 2, "why"}}}};
        project.name = "shop";
        observation.services.resize(1);
        observation.services[0].service = "db";
        observation.services[0].applications.push_back({"postgres", 1, {}, nullptr});
        observation.gaps = {{"api", "usage", "it does not run"}};
        bundle.files = {{"compose.yaml",
                         "services:\n  db:\n    # memory: rule of memory\n    mem_limit: \"640m\"\n  web:\n"
                         "    healthcheck:\n      test:\n        - \"CMD\"\n"},
                        {"postgres/db/pilotpros.conf", "# shared_buffers: rule\nshared_buffers = '160MB'\n"}};
        bundle.masks = {{"web", "healthcheck.test", std::string(64, 'a')}, {"db", "command", std::string(64, 'b')}};
    }

    [[nodiscard]] TuneView view() const {
        return {plan,       project,        observation, "3f2a9c1b04de" + std::string(52, '0'),
                bundle,     masked_changes, try_command, undo_command,
                waiting,    owners,         applied,     files_command,
                ask_command};
    }
    [[nodiscard]] std::string table(int width) const { return tune_as_table(view(), width); }
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

/// The line that holds `what`, or nothing.
std::string line_with(const std::string& text, const std::string& what) {
    for (const std::string& line : lines_of(text)) {
        if (line.find(what) != std::string::npos) {
            return line;
        }
    }
    return "";
}

/// On one line, with single blanks: what a reader reads, however it was wrapped.
std::string flat(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        const char one = letter == '\n' ? ' ' : letter;
        if (one != ' ' || (!result.empty() && result.back() != ' ')) {
            result += one;
        }
    }
    return result;
}

Json published_schema(const std::string& name) {
    std::ifstream file(fmt::format("{}/docs/{}.schema.json", SOURCE_DIR, name));
    return Json::parse(file);
}

bool fits(const Json& document, const std::string& name = "tune") {
    const Json schema_document = published_schema(name);
    valijson::Schema schema;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_document), schema);
    return valijson::Validator().validate(schema, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
}

/// Each way to a field of the document.
void ways(const Json& document, const Json::json_pointer& at, std::vector<Json::json_pointer>& into) {
    if (document.is_object()) {
        for (const auto& [key, value] : document.items()) {
            into.push_back(at / key);
            ways(value, at / key, into);
        }
    } else if (document.is_array() && !document.empty()) {
        ways(document.front(), at / 0, into);
    }
}

/// No field may be called otherwise or hold something else. Returns how many there are.
std::size_t doctored(const Json& document, const std::string& schema) {
    std::vector<Json::json_pointer> all;
    ways(document, Json::json_pointer{}, all);
    for (const Json::json_pointer& way : all) {
        INFO(way.to_string());
        // Names of services are the user's; a value may be anything simple.
        const bool free = way.parent_pointer().to_string() == "/budget/shares";
        Json renamed = document;
        Json& parent = renamed[way.parent_pointer()];
        if (parent.is_object() && !free) {
            parent["not-" + way.back()] = parent[way.back()];
            parent.erase(way.back());
            CHECK_FALSE(fits(renamed, schema));
        }
        Json replaced = document;
        replaced[way] = Json::array({Json::array()});
        CHECK_FALSE(fits(replaced, schema));
    }
    return all.size();
}

}  // namespace

TEST_CASE("A Plan at 80 columns, whole", "[tune-views]") {
    CHECK(Shown().table(80) == R"(Plan 3f2a9c1b04de for shop: 3 changes for 2 services; applying interrupts db and
  web (recreate).

SETTING              NOW                THEN                COST       VERDICT

db (postgres)
  memory             not set            640m                recreate   derived
      peak of 412 MiB that cannot be reclaimed, and shared_buffers of 160 MiB
  shared_buffers     128MB              160MB               restart    accepted
      a quarter of the 640 MiB that the container may use
    memory derived: from the profile
    shared_buffers accepted by PostgreSQL 17.2 of this image
    mounts .pilotpros/postgres/db and adds -c config_file

web
  healthcheck.test   CMD-SHEL…alhost'   CMD wget…080/a b'   recreate   not asked
      now: CMD-SHELL 'curl -f localhost'
      then: CMD wget -q -O /dev/null 'http://127.0.0.1:8080/a b'
      curl is not in the image, wget is
    healthcheck.test not asked: web does not run

Memory: 2.00 GiB on this machine; 256 MiB kept back for kernel and cache, 0 B
  used by others, 640 MiB for this project.

Left alone:
  web.memory, api.memory: insufficient evidence: 20 s without a request
  db.work_mem: the user set it with -c
  api (logging): excluded by x-pilotpros

Found, and yours to fix:
  error: web: uploads lie in the container
    harm: the next container comes without them
    fix:
      volumes:
        - uploads:/srv/uploads
  note: the project: 5432 is published on every interface
    harm: anybody in the network can try passwords
    fix: ports: ["127.0.0.1:5432:5432"]

Values of yours that our files hide; you are told when one of them changes:
  db: command
  web: healthcheck.test

Not known:
  api, usage: it does not run

To try it, and to undo it:
docker pilotpros tune --apply
docker pilotpros rollback
)");
}

TEST_CASE("A Plan at 200 columns has a line a setting", "[tune-views]") {
    CHECK_THAT(Shown().table(200),
               Catch::StartsWith(
                   R"(Plan 3f2a9c1b04de for shop: 3 changes for 2 services; applying interrupts db and web (recreate).

SETTING              NOW                             THEN                                      COST       VERDICT                                     WHY

db (postgres)
  memory             not set                         640m                                      recreate   derived                                     peak of 412 MiB that cannot be reclaimed, and
                                                                                                                                                      shared_buffers of 160 MiB
  shared_buffers     128MB                           160MB                                     restart    accepted by PostgreSQL 17.2 of this image   a quarter of the 640 MiB that the container may
                                                                                                                                                      use
    memory derived: from the profile
    mounts .pilotpros/postgres/db and adds -c config_file

web
  healthcheck.test   CMD-SHELL 'curl -f localhost'   CMD wget -q -O /dev…127.0.0.1:8080/a b'   recreate   not asked                                   curl is not in the image, wget is
      then: CMD wget -q -O /dev/null 'http://127.0.0.1:8080/a b'
    healthcheck.test not asked: web does not run
)"));
}

TEST_CASE("A Plan can be read at every width", "[tune-views]") {
    Shown shown;
    const int width = GENERATE(0, 60, 80, 100, 120, 160, 200, 300);
    INFO("width " << width);
    const std::string text = shown.table(width);
    SECTION("nothing but what is to be typed is wider") {
        for (const std::string& line : lines_of(text)) {
            INFO(line);
            CHECK((width == 0 || cells(line) <= width || line.find("ports:") != std::string::npos));
        }
    }
    SECTION("nothing is lost, however narrow it is") {
        const std::string read = flat(text);
        for (const char* const what :
             {"memory", "shared_buffers", "128MB", "160MB", "not set", "640m", "restart", "derived", "not asked",
              "web does not run", "accepted by PostgreSQL 17.2 of this image",
              "mounts .pilotpros/postgres/db and adds -c config_file", "the user set it with -c",
              "api.memory: insufficient evidence: 20 s without a request", "api (logging): excluded by x-pilotpros",
              "the next container comes without them", "- uploads:/srv/uploads", "api, usage: it does not run",
              "web: healthcheck.test"}) {
            INFO(what);
            CHECK_THAT(read, Contains(what) || Contains("web.memory, " + std::string{what}));
        }
        if (width == 0 || width >= 80) {
            CHECK_THAT(read, Contains("CMD wget -q -O /dev/null 'http://127.0.0.1:8080/a b'"));
        }
    }
    SECTION("why stands in the row, or below it") {
        const std::string why = "a quarter of the 640 MiB that the container may use";
        if (width == 0 || width >= 200) {
            CHECK_THAT(line_with(text, "  shared_buffers  "), Contains(width == 0 ? why : "a quarter of the 640 MiB"));
        } else {
            CHECK_THAT(line_with(text, "  shared_buffers  "), !Contains("a quarter"));
            CHECK_THAT(flat(text), Contains(why));
        }
    }
    SECTION("the first sentence says how much, and what it interrupts") {
        CHECK_THAT(flat(text), Catch::StartsWith("Plan 3f2a9c1b04de for shop: 3 changes for 2 services; applying "
                                                 "interrupts db and web (recreate)."));
    }
    SECTION("the last lines are what to type, and nothing else") {
        const std::vector<std::string> lines = lines_of(text);
        CHECK(lines.at(lines.size() - 2) == "docker pilotpros tune --apply");
        CHECK(lines.back() == "docker pilotpros rollback");
    }
}

TEST_CASE("The first sentence tells the services that stop from those that go on", "[tune-views]") {
    Shown shown;
    shown.plan.changes = {change("a", "x", "k", 1, 2, "", Cost::kRebuild),
                          change("b", "x", "k", 1, 2, "", Cost::kReload), change("b", "x", "l", 1, 2, "", Cost::kLive),
                          change("c", "x", "k", 1, 2, "", Cost::kRestart),
                          change("d", "x", "k", 1, 2, "", Cost::kLive)};
    CHECK_THAT(shown.table(0), Contains("5 changes for 4 services; applying interrupts a (rebuild) and c (restart); b "
                                        "(reload) and d (live) go on.\n"));
    SECTION("and says when none stops") {
        shown.plan.changes.erase(shown.plan.changes.begin());
        shown.plan.changes.erase(shown.plan.changes.begin() + 2);
        CHECK_THAT(shown.table(0), Contains("3 changes for 2 services; applying interrupts nothing.\n"));
    }
    SECTION("what does not run is not interrupted, as an engine says") {
        shown.observation.services[0].service = "a";
        shown.observation.services[0].containers.resize(1);
        shown.observation.services[0].containers[0].status = "exited";
        CHECK_THAT(shown.table(0), Contains("applying interrupts a (rebuild) and c (restart)"));
        shown.observation.engine = EngineFacts{};
        CHECK_THAT(shown.table(0), Contains("5 changes for 4 services; applying interrupts c (restart); b"));
        shown.observation.services[0].containers[0].status = "running";
        CHECK_THAT(shown.table(0), Contains("applying interrupts a (rebuild) and c (restart)"));
    }
    SECTION("a carrier interrupts as well") {
        shown.plan.changes.resize(1);
        shown.plan.changes[0].cost = Cost::kLive;
        CHECK_THAT(shown.table(0), Contains("1 change for 1 service; applying interrupts nothing.\n"));
        Change mount = change("a", "x", "volumes", nullptr, Json::array({"./d:/d"}), "");
        mount.carrier = true;
        shown.plan.changes.push_back(mount);
        CHECK_THAT(shown.table(0), Contains("1 change for 1 service; applying interrupts a (recreate).\n"));
    }
}

TEST_CASE("With nothing to change there is nothing to try", "[tune-views]") {
    Shown shown;
    shown.plan.changes.clear();
    const std::string text = shown.table(80);
    CHECK_THAT(text, Catch::StartsWith("Nothing to change in shop.\n"));
    CHECK_THAT(text, !Contains("docker pilotpros"));
    CHECK_THAT(text, Contains("Left alone:") && Contains("Found, and yours to fix:"));
}

TEST_CASE("What the user changed below our files is said before the table", "[tune-views]") {
    Shown shown;
    shown.masked_changes = {"command of db"};
    const std::string text = shown.table(0);
    CHECK(lines_of(text).at(1) == "You have changed a value that our files hide: command of db");
}

TEST_CASE("What is applied is not offered again, only how to take it back", "[tune-views]") {
    Shown shown;
    shown.applied = true;
    shown.try_command = "";
    shown.undo_command = "docker pilotpros rollback";
    const std::string text = shown.table(0);
    CHECK_THAT(lines_of(text).front(), Contains("it is applied") && !Contains("interrupts"));
    CHECK_THAT(text, !Contains("To try it") && Catch::EndsWith("To take it back:\ndocker pilotpros rollback\n"));
}

TEST_CASE("Where no engine could be asked it is said what to type next", "[tune-views]") {
    Shown shown;
    shown.try_command = shown.undo_command = "";
    shown.files_command = "docker pilotpros tune --diff";
    shown.ask_command = "docker pilotpros tune";
    CHECK_THAT(shown.table(80), Catch::EndsWith("\n\nTo see the files, and to ask what runs once the engine answers:\n"
                                                "docker pilotpros tune --diff\ndocker pilotpros tune\n"));
    SECTION("with nothing to change there are no files to see") {
        shown.plan.changes.clear();
        const std::string text = shown.table(80);
        CHECK_THAT(text, Catch::EndsWith("\n\nTo ask what runs once the engine answers:\ndocker pilotpros tune\n"));
        CHECK_THAT(text, !Contains("--diff"));
    }
}

TEST_CASE("Who cannot be replaced is not among those that applying interrupts", "[tune-views]") {
    Shown shown;
    shown.waiting = {"db"};
    CHECK_THAT(shown.table(0), Contains("applying interrupts web (recreate); db waits: a new container would not have "
                                        "what this one keeps.\n"));
    shown.waiting = shown.owners = {"web"};
    CHECK_THAT(shown.table(0), Contains("; web waits: others run inside its container.\n"));
}

TEST_CASE("Nothing that a terminal would obey comes out of a Plan", "[tune-views]") {
    Shown shown;
    const std::string evil = "e\x1b[31m\nvil";
    for (Change& one : shown.plan.changes) {
        one.key = one.reason = one.rule = one.source = one.recipe = one.joint = evil;
        one.after = one.carrier ? one.after : Json(evil);
    }
    shown.plan.changes[0].inputs = {{evil, evil, evil}};
    shown.plan.verdicts = {{"", "", Verdict::Outcome::kAccepted, evil, evil, Seconds{0}}};
    shown.plan.left_alone = {{evil, evil, evil, evil}};
    shown.plan.findings = {{evil, "id", Finding::Severity::kNote, evil, evil, evil, evil}};
    shown.observation.gaps = {{evil, evil, evil}};
    shown.bundle.masks = {{evil, evil, ""}};
    shown.masked_changes = {evil};
    shown.try_command = shown.undo_command = evil;
    shown.files_command = shown.ask_command = evil;
    for (const std::string& text : {shown.table(80), shown.table(0), explain(shown.view(), evil, 80),
                                    explain(shown.view(), "id", 80), bundle_as_diff({{{evil, evil}}, {}}, {})}) {
        CHECK_THAT(text, Contains("e?[31m"));
        CHECK_THAT(text, !Contains("\x1b"));
    }
}

TEST_CASE("A key is explained with all that is known of it", "[tune-views]") {
    Shown shown;
    SECTION("whole") {
        CHECK(explain(shown.view(), "db.memory", 100) == R"(db.memory: not set -> 640m
  why       peak of 412 MiB that cannot be reclaimed, and shared_buffers of 160 MiB
  rule      rule of memory
  input     highest memory that cannot be reclaimed: 412 MiB (profile of 2 min, 14 looks)
  source    https://docs.example/memory
  recipe    would have written 4G on a machine of 2 GiB
  verdict   derived: from the profile
  verdict   accepted by PostgreSQL 17.2 of this image: started in 640 MiB
  risk      medium
  cost      recreate
  goes with shared_buffers
  advisor   limits
  file      .pilotpros/compose.yaml:4
)");
    }
    SECTION("a key of several services, and what was left alone") {
        const std::string text = explain(shown.view(), "memory", 0);
        CHECK_THAT(text, Contains("db.memory: not set -> 640m\n"));
        CHECK_THAT(text,
                   Contains("web.memory: left alone\n  why       insufficient evidence: 20 s without a request\n"));
        CHECK_THAT(text, Contains("api.memory: left alone\n"));
    }
    SECTION("with the closest verdict first, and all others") {
        const std::string text = explain(shown.view(), "memory", 0);
        const std::size_t derived = text.find("verdict   derived: from the profile\n");
        const std::size_t accepted =
            text.find("verdict   accepted by PostgreSQL 17.2 of this image: started in 640 MiB\n");
        CHECK(derived < accepted);
        CHECK(accepted != std::string::npos);
    }
    SECTION("where it stands in the generated files") {
        CHECK_THAT(explain(shown.view(), "web.healthcheck.test", 0), Contains("file      .pilotpros/compose.yaml:7\n"));
        CHECK_THAT(explain(shown.view(), "shared_buffers", 0),
                   Contains("file      .pilotpros/postgres/db/pilotpros.conf:2\n"));
        shown.bundle.files.clear();
        CHECK_THAT(explain(shown.view(), "shared_buffers", 0), !Contains(".pilotpros"));
    }
    SECTION("a finding by its name") {
        CHECK_THAT(explain(shown.view(), "open-port", 0), Contains("section 4") && Contains("passwords"));
    }
    SECTION("an unknown key names what is near, or what there is") {
        const auto hint = [&](const std::string& what) {
            try {
                static_cast<void>(explain(shown.view(), what, 0));
            } catch (const Error& error) {
                CHECK(error.code() == ExitCode::kUsage);
                CHECK(error.what() == "the Plan has no word on " + what);
                return error.hint();
            }
            return std::string{"none"};
        };
        CHECK(hint("memroy") == "did you mean memory?");
        CHECK(hint("db.shared_bufers") == "did you mean db.shared_buffers?");
        CHECK(hint("web") == "there are: web.healthcheck.test, web.memory");
        CHECK_THAT(hint("nothing-like-it"), Contains("there are: ") && Contains("work_mem"));
        shown.observation.gaps.push_back({"db", "settings of PostgreSQL", "no answer within 15 s"});
        CHECK(hint("db.effective_cache_size") ==
              "try again: of db not all could be asked: settings of PostgreSQL: no answer within 15 s");
        CHECK_THAT(hint("web.effective_cache_size"), Contains("there are: "));
        shown.plan = {};
        CHECK(hint("memory") == "the Plan is empty: there is nothing to explain");
    }
}

TEST_CASE("What would change in the files is said as diff says it", "[tune-views]") {
    const auto diff = [](const std::string& from, const std::string& to) {
        return bundle_as_diff({{{"f", to}}, {}}, {{"f", from}});
    };
    CHECK(diff("a\n", "a\n").empty());
    CHECK(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n") ==
          "--- a/.pilotpros/f\n+++ b/.pilotpros/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    SECTION("a new file, and one that goes") {
        CHECK(bundle_as_diff({{{"f", "a\n"}}, {}}, {}) == "--- /dev/null\n+++ b/.pilotpros/f\n@@ -0,0 +1 @@\n+a\n");
        CHECK(bundle_as_diff({}, {{"f", "a\nb\n"}}) == "--- a/.pilotpros/f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n");
    }
    SECTION("a last line without an end") {
        CHECK(diff("a\nb", "a\nb\n") ==
              "--- a/.pilotpros/f\n+++ b/.pilotpros/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
    }
    SECTION("what is far apart is in hunks of its own, what is near in one") {
        const std::string far = "x\n1\n2\n3\n4\n5\n6\n7\ny\n";
        CHECK_THAT(diff(far, "X\n1\n2\n3\n4\n5\n6\n7\nY\n"),
                   Contains("@@ -1,4 +1,4 @@\n") && Contains("@@ -6,4 +6,4 @@\n"));
        CHECK_THAT(diff("x\n1\n2\n3\n4\n5\n6\ny\n", "X\n1\n2\n3\n4\n5\n6\nY\n"), Contains("@@ -1,8 +1,8 @@\n"));
    }
    SECTION("a file too large to be compared line by line is replaced, and not waited for") {
        std::string from;
        std::string to;
        for (int i = 0; i < 5000; ++i) {
            from += "a" + std::to_string(i) + "\n";
            to += "b" + std::to_string(i) + "\n";
        }
        CHECK_THAT(diff(from, to), Contains("@@ -1,5000 +1,5000 @@\n"));
    }
}

TEST_CASE("The document for programs fits its published schema", "[tune-views]") {
    Shown shown;
    const Json document = tune_as_json(shown.view());
    REQUIRE(fits(document));
    CHECK(document.at("format") == 1);
    CHECK(tune_as_json(shown.view()).dump() == document.dump());
    SECTION("an empty Plan's as well") {
        const Plan plan;
        const Project project;
        const Observation observation;
        const Bundle bundle;
        CHECK(fits(tune_as_json({plan, project, observation, "", bundle, {}, "", "", {}, {}, false})));
    }
    SECTION("it tells where a value stands and what was said of it") {
        const Json& buffers = document.at("changes").at(1);
        CHECK(buffers.at("place") == Json{{"file", ".pilotpros/postgres/db/pilotpros.conf"}, {"line", 2}});
        CHECK(buffers.at("verdict").at("outcome") == "accepted");
        CHECK(document.at("changes").at(2).at("place").is_null());
    }
    SECTION("with any field doctored it does not") { CHECK(doctored(document, "tune") > 70); }
}

TEST_CASE("The findings for programs fit their published schema", "[tune-views]") {
    Check check;
    check.project.name = "shop";
    CHECK(fits(Json::parse(findings_as_json(check)), "findings"));
    check.findings = {{"web", "open-port", Finding::Severity::kWarning, "what", "harm", "", "https://a.b"},
                      {"", "another", Finding::Severity::kNote, "what", "harm", "fix\nin two lines", "https://a.b"}};
    const Json document = Json::parse(findings_as_json(check));
    REQUIRE(fits(document, "findings"));
    SECTION("a finding is in both documents the same") {
        CHECK(published_schema("findings").at("definitions").at("finding") ==
              published_schema("tune").at("definitions").at("finding"));
    }
    SECTION("one without a harm, or without a source, does not") {
        for (const char* field : {"harm", "source"}) {
            Json without = document;
            without.at("findings").at(0).at(field) = "";
            CHECK_FALSE(fits(without, "findings"));
        }
    }
    SECTION("with any field doctored they do not") { CHECK(doctored(document, "findings") > 10); }
}
