#include <catch2/catch.hpp>

#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

LintProject postgres_with(const std::string& more) {
    return lint_of("services:\n  db:\n    image: postgres:17-alpine\n" + more);
}

}  // namespace

TEST_CASE("a PostgreSQL configuration that nobody reads is an error", "[lint]") {
    const std::string id = "postgres-file-not-read";
    const std::string mount = "    volumes:\n      - ./pg.conf:/etc/postgresql/postgresql.conf:ro\n";
    const Finding unread = postgres_with(mount).finding(id);
    CHECK(unread.severity == Finding::Severity::kError);
    CHECK(contains(unread.fix, "command: [postgres, -c, config_file=/etc/postgresql/postgresql.conf]"));
    CHECK(postgres_with(mount + "    command: postgres -c work_mem=4MB\n").says(id));
    CHECK_FALSE(
        postgres_with(mount + "    command: postgres -c config_file=/etc/postgresql/postgresql.conf\n").says(id));
    CHECK_FALSE(postgres_with(mount + "    command: [sh, /start.sh]\n").says(id));
    CHECK_FALSE(postgres_with("    volumes: ['./pg.conf:/var/lib/postgresql/data/postgresql.conf']\n").says(id));
    CHECK_FALSE(lint_of("services:\n  db:\n    image: shop/db\n" + mount).says(id));
}

TEST_CASE("PostgreSQL's data off any named volume is told", "[lint]") {
    const std::string id = "postgres-data-not-on-a-named-volume";
    const auto of = [](const std::string& image, const std::string& more) {
        return lint_of("services:\n  db:\n    image: " + image + "\n" + more + "volumes: {data: }\n");
    };
    CHECK(of("postgres:17", "").says(id));
    CHECK(of("postgres:17", "    volumes: ['/var/lib/postgresql/data']\n").says(id));
    CHECK(of("postgres:17", "    tmpfs: [/var/lib/postgresql/data]\n").says(id));
    CHECK(of("postgres:18", "    volumes: ['data:/srv/data']\n").says(id));
    CHECK_FALSE(of("postgres:17", "    volumes: ['data:/var/lib/postgresql/data']\n").says(id));
    CHECK_FALSE(of("postgres:17", "    volumes: ['./data:/var/lib/postgresql/data']\n").says(id));
    CHECK_FALSE(of("postgres:18", "    volumes: ['data:/var/lib/postgresql']\n").says(id));
    CHECK_FALSE(of("postgres:17", "    volumes: ['data:/pg']\n    environment: {PGDATA: /pg/17}\n").says(id));
    SECTION("nothing is known of another image, of a version without a number, of a path that is filled in later") {
        CHECK_FALSE(of("shop/db:17", "").says(id));
        CHECK_FALSE(of("postgres:latest", "").says(id));
        CHECK_FALSE(of("postgres", "").says(id));
        CHECK_FALSE(of("postgres:17", "    command: [sh, -c, pg_dump]\n").says(id));
        CHECK_FALSE(of("postgres:17", "    volumes: ['data:${DATA}']\n").says(id));
        CHECK_FALSE(of("postgres:17", "    environment: {PGDATA: '${DATA}'}\n").says(id));
    }
    SECTION("a volume one level up looks as if it held them") {
        const Finding above =
            of("postgres:16-alpine", "    volumes: ['data:/var/lib/postgresql']\n").finding("volume-above-data");
        CHECK(above.severity == Finding::Severity::kError);
        // Docker put the image's empty folder into the present one: initdb ends with "exists but is not empty" there.
        CHECK(contains(above.fix, "- data_data:/var/lib/postgresql/data"));
        CHECK(contains(above.fix, "\nvolumes:\n  data_data:\n"));
        CHECK_FALSE(of("postgres:16", "    volumes: ['data:/var/lib/postgresql']\n").says(id));
        CHECK_FALSE(of("postgres:18", "    volumes: ['data:/var/lib/postgresql']\n").says("volume-above-data"));
        CHECK_FALSE(of("postgres:16",
                       "    volumes: ['data:/var/lib/postgresql']\n    environment: {PGDATA: /var/lib/postgresql/16}\n")
                        .says("volume-above-data"));
    }
}

TEST_CASE("a mount where PostgreSQL 17 had its data stops 18", "[lint]") {
    const std::string id = "postgres-mount-refused";
    const std::string old_place = "    volumes: ['data:/var/lib/postgresql/data']\n";
    const auto of = [](const std::string& image, const std::string& more) {
        return lint_of("services:\n  db:\n    image: " + image + "\n" + more + "volumes: {data: }\n");
    };
    SECTION("in an error, which takes the place of what is said of lost data") {
        for (const char* image : {"postgres:18", "postgres:18.1-alpine", "pgvector/pgvector:pg18"}) {
            CAPTURE(image);
            const Finding refused = of(image, old_place).finding(id);
            CHECK(refused.severity == Finding::Severity::kError);
            CHECK(contains(refused.harm, "unused mount/volume"));
            CHECK(contains(refused.fix, "- data:/var/lib/postgresql "));
            CHECK_FALSE(of(image, old_place).says("postgres-data-not-on-a-named-volume"));
        }
        CHECK(of("postgres:18", "    volumes: ['/var/lib/postgresql/data']\n").says(id));
        CHECK(of("postgres:18", "    tmpfs: [/var/lib/postgresql/data]\n").says(id));
        CHECK(of("postgres:18", old_place + "    environment: {PGDATA: /var/lib/postgresql/18/docker}\n").says(id));
    }
    SECTION("in a warning where the image has no version, which is 18 or newer today") {
        for (const char* image : {"postgres", "postgres:latest", "postgres:alpine", "docker.io/library/postgres"}) {
            CAPTURE(image);
            const Finding moving = of(image, old_place).finding(id);
            CHECK(moving.severity == Finding::Severity::kWarning);
            CHECK(contains(moving.fix, "postgres:17"));
        }
    }
    SECTION("not where it is in its place, kept on purpose, or not known") {
        CHECK_FALSE(of("postgres:17", old_place).says(id));
        CHECK_FALSE(of("postgres:18", "    volumes: ['data:/var/lib/postgresql']\n").says(id));
        CHECK_FALSE(of("postgres", "    volumes: ['data:/var/lib/postgresql']\n").says(id));
        CHECK_FALSE(of("postgres:18", "    volumes: ['data:/var/lib/postgresql/18/docker']\n").says(id));
        for (const char* image : {"postgres:18", "postgres"}) {
            CHECK_FALSE(of(image, old_place + "    environment: {PGDATA: /var/lib/postgresql/data}\n").says(id));
            CHECK_FALSE(of(image, old_place + "    environment: {PGDATA: '${PLACE}'}\n").says(id));
            CHECK_FALSE(of(image, old_place + "    command: [sh, /start.sh]\n").says(id));
            CHECK_FALSE(of(image, "    volumes: ['data:${PLACE}']\n").says(id));
        }
        CHECK_FALSE(of("postgres@sha256:0123", old_place).says(id));
        CHECK_FALSE(of("'postgres:${TAG}'", old_place).says(id));
        CHECK_FALSE(of("shop/postgres", old_place).says(id));
        CHECK_FALSE(of("postgres", old_place + "    build: ./db\n").says(id));
    }
}

TEST_CASE("parallel work beyond /dev/shm is told", "[lint]") {
    const std::string id = "postgres-shm-too-small";
    const std::string maintenance = "    command: postgres -c maintenance_work_mem=512MB\n";
    const Finding small = postgres_with(maintenance).finding(id);
    CHECK(small.severity == Finding::Severity::kWarning);
    CHECK(contains(small.what, "512 MiB"));
    CHECK(contains(small.what, "64.0 MiB"));
    CHECK(contains(small.fix, "shm_size: 576m"));
    CHECK_FALSE(postgres_with(maintenance + "    shm_size: 576m\n").says(id));
    CHECK_FALSE(postgres_with(maintenance + "    ipc: host\n").says(id));
    CHECK_FALSE(postgres_with(maintenance + "    shm_size: ${SHM}\n").says(id));
    CHECK_FALSE(postgres_with("    command: postgres -c maintenance_work_mem=512MB"
                              " -c max_parallel_maintenance_workers=0\n")
                    .says(id));
    CHECK(postgres_with("    command: [-c, work_mem=16MB, -c, max_parallel_workers_per_gather=2]\n").says(id));
    CHECK_FALSE(postgres_with("    command: [-c, work_mem=16MB, -c, max_parallel_workers_per_gather=0]\n").says(id));
    CHECK_FALSE(postgres_with("    command: [-c, max_parallel_workers_per_gather=4]\n").says(id));
    SECTION("of PostgreSQL's own default in a note, written out or not") {
        const auto of = [](const std::string& image, const std::string& more) {
            return lint_of("services:\n  db:\n    image: " + image + "\n" + more);
        };
        const std::string written = "    command: postgres -c maintenance_work_mem=64MB\n";
        for (const std::string& command : {std::string{}, written}) {
            CAPTURE(command);
            const Finding fails = of("postgres:15-alpine", command).finding(id);
            CHECK(fails.severity == Finding::Severity::kNote);
            CHECK(contains(fails.what, "PostgreSQL's default"));
            CHECK(contains(fails.harm, "VACUUM"));
            CHECK(contains(fails.fix, "shm_size: 128m"));
            CHECK_FALSE(of("postgres:15", command + "    shm_size: 128m\n").says(id));
            CHECK_FALSE(of("postgres:12", command).says(id));
            CHECK_FALSE(of("postgres:17", command).says(id));
        }
        CHECK_FALSE(of("postgres:15", "    command: -c max_parallel_maintenance_workers=0\n").says(id));
        CHECK_FALSE(of("postgres:15", "    command: -c maintenance_work_mem=32MB\n").says(id));
    }
    SECTION("not of a default that something else than flags may have moved") {
        const auto of = [](const std::string& more) {
            return lint_of("services:\n  db:\n    image: postgres:15\n" + more).says("postgres-shm-too-small");
        };
        CHECK(of(""));
        CHECK_FALSE(of("    command: postgres -c config_file=/etc/pg/own.conf\n"));
        CHECK_FALSE(of("    command: postgres -D /srv/data\n"));
        CHECK_FALSE(of("    command: [sh, /start.sh]\n"));
        CHECK_FALSE(of("    command: postgres -c maintenance_work_mem=${SIZE}\n"));
        CHECK_FALSE(of("    volumes: ['./pg.conf:/var/lib/postgresql/data/postgresql.conf']\n"));
        CHECK_FALSE(lint_of("services:\n  db:\n    image: shop/postgres:15\n").says(id));
    }
}

TEST_CASE("a shared memory that does not fit the limit is not advised", "[lint]") {
    const Finding small = postgres_with("    mem_limit: 512m\n    command: postgres -c maintenance_work_mem=512MB\n")
                              .finding("postgres-shm-too-small");
    CHECK_FALSE(small.id.empty());
    CHECK_FALSE(contains(small.fix, "shm_size: "));
}
