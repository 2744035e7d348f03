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
    SECTION("in any place that examples have, a folder, too, unless a setting names it or what is in it") {
        const std::string folder = "    volumes: ['./etc:/etc/postgresql']\n";
        CHECK(contains(postgres_with(folder).finding(id).fix, "config_file=/etc/postgresql/postgresql.conf"));
        CHECK(postgres_with("    volumes: ['./p.conf:/etc/postgresql/my-postgres.conf']\n").says(id));
        CHECK(postgres_with("    volumes: ['./p.conf:/usr/share/postgresql/postgresql.conf']\n").says(id));
        CHECK_FALSE(postgres_with(folder + "    command: postgres -c hba_file=/etc/postgresql/pg_hba.conf\n").says(id));
    }
    SECTION("nor where initdb is told of it") {
        const std::string hba = "    volumes: ['./pg_hba.conf:/etc/postgresql/pg_hba.conf:ro']\n";
        CHECK(postgres_with(hba).finding(id).severity == Finding::Severity::kError);
        CHECK_FALSE(postgres_with(
                        hba + "    environment:\n      POSTGRES_INITDB_ARGS: -c hba_file=/etc/postgresql/pg_hba.conf\n")
                        .says(id));
        CHECK(postgres_with(hba + "    environment:\n      POSTGRES_INITDB_ARGS: --encoding=UTF8\n")
                  .finding(id)
                  .severity == Finding::Severity::kError);
    }
    SECTION("whatever it is called below /etc/postgresql, and as postgresql.conf anywhere but among the data") {
        const auto at = [&](const std::string& target, const std::string& more = "") {
            return postgres_with("    volumes: ['./pg:" + target + "']\n" + more).finding(id);
        };
        for (const char* target :
             {"/etc/postgresql/custom.conf", "/etc/postgresql/conf.d/tuning.conf", "/etc/postgresql/conf.d",
              "/etc/postgresql/pg_hba.conf", "/postgresql.conf", "/config/postgresql.conf",
              "/var/lib/postgresql/postgresql.conf", "/usr/local/etc/postgresql/postgresql.conf",
              "/docker-entrypoint-initdb.d/postgresql.conf"}) {
            CAPTURE(target);
            CHECK(at(target).severity == Finding::Severity::kError);
            CHECK_FALSE(at(target).what.empty());
            CHECK(at(target, "    command: postgres -c config_file=/srv/own.conf\n").what.empty());
        }
        CHECK(contains(at("/etc/postgresql/pg_hba.conf").fix, "hba_file=/etc/postgresql/pg_hba.conf"));
        CHECK(contains(at("/etc/postgresql/conf.d").fix, "include_dir = '/etc/postgresql/conf.d'"));
        CHECK(at("/etc/postgresql/pg_hba.conf", "    command: -c hba_file=/etc/postgresql/pg_hba.conf\n").what.empty());
        for (const char* target :
             {"/etc/postgresql/server.crt", "/etc/postgresql/ssl", "/config/tuning.conf",
              "/var/lib/postgresql/18/docker/postgresql.conf", "/docker-entrypoint-initdb.d/a.sql"}) {
            CAPTURE(target);
            CHECK(at(target).what.empty());
        }
        CHECK(
            at("/var/lib/postgresql/postgresql.conf", "    environment: {PGDATA: /var/lib/postgresql}\n").what.empty());
        CHECK(at("/config/postgresql.conf", "    environment: {PGDATA: '${WHERE}'}\n").what.empty());
        for (const char* image : {"bitnami/postgresql:17", "bitnamilegacy/postgresql:16"}) {
            CAPTURE(image);
            CHECK_FALSE(lint_of("services:\n  db:\n    image: " + std::string{image} +
                                "\n    volumes: ['./p:/bitnami/postgresql/conf/postgresql.conf']\n")
                            .says(id));
        }
    }
    SECTION("in a warning where something else that is mounted may name it") {
        for (const char* beside :
             {"./init.sh:/docker-entrypoint-initdb.d/init.sh", "./init:/docker-entrypoint-initdb.d",
              "./a.sql:/docker-entrypoint-initdb.d/a.sql", "./p.conf:/var/lib/postgresql/data/postgresql.conf"}) {
            CAPTURE(beside);
            const Finding maybe = postgres_with(mount + "      - " + beside + "\n").finding(id);
            CHECK(maybe.severity == Finding::Severity::kWarning);
            CHECK(contains(maybe.what, "what is mounted beside it may"));
        }
        CHECK(postgres_with(mount + "      - ./a.txt:/docker-entrypoint-initdb.d/a.txt\n").finding(id).severity ==
              Finding::Severity::kError);
    }
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
    SECTION("nothing is known of another image, of a path that is filled in later") {
        CHECK_FALSE(of("shop/db:17", "").says(id));
        CHECK_FALSE(of("postgres:latest", "    volumes: ['data:/srv/data']\n").says(id));  // it may be older
        CHECK(of("postgres:latest", "").says(id));                                         // of every version
        CHECK(of("postgres", "").says(id));
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
    SECTION("also where a shell starts it") {
        const auto by_shell = [&](const std::string& command) {
            return postgres_with("    command: " + command + "\n").says(id);
        };
        CHECK(by_shell("sh -c \"exec docker-entrypoint.sh postgres -c maintenance_work_mem=512MB\""));
        CHECK(by_shell("[/bin/bash, -ec, 'prepare && exec gosu postgres postgres -c maintenance_work_mem=512MB']"));
        CHECK_FALSE(by_shell("[sh, -c, 'postgres -c work_mem=4MB && other -c maintenance_work_mem=512MB']"));
        CHECK_FALSE(by_shell("[sh, -c, \"psql -U postgres -c 'set maintenance_work_mem=512MB'\"]"));
        CHECK_FALSE(by_shell("[sh, -c, 'other -c maintenance_work_mem=512MB']"));
    }
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

TEST_CASE("settings that PostgreSQL's memory limit has no room for are told, with what they come to", "[lint]") {
    const std::string id = "postgres-worst-case-over-limit";
    const auto in = [](const std::string& limit, const std::string& flags, const std::string& more = "") {
        return postgres_with("    mem_limit: " + limit + "\n    command: postgres " + flags + "\n" + more);
    };
    // The recipe's: 1 GiB and its headers, 100 sorts of 16 MiB, four times 512 MiB of maintenance, 111 processes.
    const Finding above = in("2g", "-c shared_buffers=1GB -c work_mem=16MB -c maintenance_work_mem=512MB").finding(id);
    CHECK(contains(
        above.what,
        "with shared_buffers of 1.00 GiB, work_mem of 16.0 MiB, maintenance_work_mem of 512 MiB it may need "));
    CHECK(contains(above.what, "at worst and a twentieth for what is not counted, its memory limit is 2.00 GiB"));
    CHECK(contains(above.fix, "a memory limit of at least "));
    CHECK_FALSE(in("2g", "-c shared_buffers=512MB -c max_connections=50 -c work_mem=4MB").says(id));
    CHECK_FALSE(in("8g", "-c shared_buffers=1GB -c work_mem=16MB -c maintenance_work_mem=512MB").says(id));
    SECTION("each of them alone may be too much; a bare number counts blocks of 8 KiB, or kB") {
        CHECK(in("1g", "-c shared_buffers=65536").says(id));
        CHECK(in("1g", "-c work_mem=16384").says(id));
        CHECK(in("1g", "--max-connections=400").says(id));
        CHECK(in("1g", "-c maintenance_work_mem=1GB").says(id));
    }
    SECTION("its defaults are nobody's word, and are left to tune; so is who lowered one of them") {
        CHECK_FALSE(in("1g", "-c shared_buffers=64MB").says(id));
        CHECK_FALSE(in("256m", "-c max_connections=20").says(id));
        CHECK_FALSE(in("256m", "").says(id));
        CHECK_FALSE(in("256m", "-c log_connections=on").says(id));
    }
    SECTION("beside a file of settings the flags count alone") {
        const std::string file = "-c config_file=/etc/postgresql/postgresql.conf ";
        CHECK_FALSE(in("1g", file + "-c work_mem=16MB").says(id));
        CHECK(in("1g", file + "-c work_mem=16MB -c max_connections=100").says(id));
        CHECK_FALSE(in("1g", file + "-c shared_buffers=512MB").says(id));
    }
    SECTION("shared_buffers that leave nothing are told by the advisor of limits") {
        CHECK_FALSE(in("1g", "-c shared_buffers=1GB").says(id));
    }
    SECTION("nothing is known without a limit, of another program, of a value that is filled in later") {
        CHECK_FALSE(postgres_with("    command: postgres -c shared_buffers=64GB\n").says(id));
        CHECK_FALSE(in("2g", "-c shared_buffers=${BUFFERS}").says(id));
        CHECK_FALSE(postgres_with("    mem_limit: 1g\n    command: [sh, -c, 'x -c shared_buffers=4GB']\n").says(id));
    }
    SECTION("where a shell starts it, by the flags alone") {
        const auto by_shell = [&](const std::string& flags) {
            return postgres_with("    mem_limit: 1g\n    command: sh -c \"postgres " + flags + "\"\n").says(id);
        };
        CHECK(by_shell("-c work_mem=16MB -c max_connections=100"));
        CHECK_FALSE(by_shell("-c work_mem=16MB"));
        CHECK_FALSE(by_shell("-c work_mem=1MB -c max_connections=20"));
    }
}

TEST_CASE("PostgreSQL is not to count on more cache than its limit", "[lint]") {
    const std::string id = "postgres-cache-size-above-limit";
    const auto in = [](const std::string& limit, const std::string& size) {
        return postgres_with("    mem_limit: " + limit + "\n    command: postgres -c effective_cache_size=" + size +
                             "\n");
    };
    const Finding above = in("2g", "4GB").finding(id);
    CHECK(contains(above.what, "effective_cache_size is 4.00 GiB, its memory limit 2.00 GiB"));
    CHECK(contains(above.fix, "effective_cache_size=1536MB"));
    CHECK(in("2g", "524288").says(id));  // blocks
    CHECK_FALSE(in("2g", "1536MB").says(id));
    CHECK_FALSE(in("2g", "'${CACHE}'").says(id));
    const auto by_shell = [](const std::string& size) {
        return postgres_with("    mem_limit: 2g\n    command: sh -c \"postgres -c effective_cache_size=" + size +
                             " -c max_connections=25\"\n");
    };
    CHECK(by_shell("4GB").says(id));
    CHECK_FALSE(by_shell("1GB").says(id));
}

TEST_CASE("pools that want more connections than PostgreSQL has are told", "[lint]") {
    const std::string id = "pools-over-max-connections";
    const auto with = [](const std::string& flags, const std::string& pool, const std::string& more = "") {
        return lint_of(
            "services:\n  db:\n    image: postgres:17\n    command: postgres " + flags +
            "\n  n8n:\n    image: n8nio/n8n:1.123.0\n    environment: {DB_TYPE: postgresdb, DB_POSTGRESDB_HOST: db" +
            pool + "}\n" + more);
    };
    const std::string backend = "  backend:\n    image: shop/backend\n    depends_on: [db]\n";
    SECTION("the recipe's: 20 for n8n and what a backend takes, of 25 less the 3 that are reserved") {
        const Finding above = with("-c max_connections=25", ", DB_POSTGRESDB_POOL_SIZE: 20", backend).finding(id);
        CHECK(above.severity == Finding::Severity::kWarning);
        CHECK(contains(above.what, "pools want 30 connections (n8n 20, backend 10 if it says nothing else)"));
        CHECK(contains(above.what, "max_connections leaves 22"));
        CHECK(contains(above.fix, "max_connections of at least 41"));
        CHECK_FALSE(with("-c max_connections=45", ", DB_POSTGRESDB_POOL_SIZE: 20", backend).says(id));
    }
    SECTION("what waits for it and keeps no connections is no client, unless it names it") {
        const auto other = [&](const std::string& more) {
            return with("-c max_connections=25", ", DB_POSTGRESDB_POOL_SIZE: 20", "  other:\n" + more).says(id);
        };
        CHECK(other("    image: shop/backend\n    depends_on: [db]\n"));
        CHECK_FALSE(other("    image: nginx:1.27\n    depends_on: [db]\n"));
        CHECK_FALSE(other("    image: adminer\n    depends_on: [db]\n"));
        CHECK(other("    image: nginx:1.27\n    environment: {PGHOST: db}\n"));
    }
    SECTION("of a client that waits for nothing, but names it in its address") {
        const auto client = [&](const std::string& address) {
            return with("-c max_connections=25", ", DB_POSTGRESDB_POOL_SIZE: 20",
                        "  backend:\n    image: shop/backend\n    environment: {" + address + "}\n");
        };
        CHECK(client("DATABASE_URL: 'postgres://shop:word@db:5432/shop'").says(id));
        CHECK(client("DATABASE_URL: 'postgresql+asyncpg://shop:word@db/shop'").says(id));
        CHECK(client("PGHOST: db").says(id));
        CHECK_FALSE(client("DATABASE_URL: 'postgres://shop:word@db-of-others/shop'").says(id));
        CHECK_FALSE(client("MAIL: shop@db").says(id));
    }
    SECTION("known pools alone, replicas counted, are too many") {
        CHECK(with("-c max_connections=20", ", DB_POSTGRESDB_POOL_SIZE: 20").finding(id).severity ==
              Finding::Severity::kError);
        CHECK(with("", ", DB_POSTGRESDB_POOL_SIZE: 25", "    deploy: {replicas: 4}\n").says(id));
        CHECK(with("", ", DB_POSTGRESDB_POOL_SIZE: 25", "    scale: 4\n").says(id));
        const Finding close = with("-N 25", ", DB_POSTGRESDB_POOL_SIZE: 21").finding(id);
        CHECK(close.severity == Finding::Severity::kWarning);
        CHECK(contains(close.harm, "one more client"));
        CHECK_FALSE(with("", ", DB_POSTGRESDB_POOL_SIZE: 25").says(id));
        CHECK_FALSE(with("-c max_connections=20", "").says(id));  // n8n's default is 2
    }
    SECTION("with PostgreSQL's default nothing is guessed of those who do not say") {
        std::string many;
        for (int at = 0; at < 12; ++at) {
            many += "  worker" + std::to_string(at) + ":\n    image: shop/backend\n    depends_on: [db]\n";
        }
        CHECK_FALSE(with("", "", many).says(id));
        CHECK(with("-c max_connections=100", "", many).says(id));
    }
    SECTION("a job, another database, a file of settings, a value that is filled in later") {
        const std::string job =
            backend + "  web:\n    image: x\n    depends_on: {backend: {condition: service_completed_successfully}}\n";
        CHECK_FALSE(with("-c max_connections=25", ", DB_POSTGRESDB_POOL_SIZE: 18", job).says(id));
        CHECK_FALSE(with("-c max_connections=9", ", DB_POSTGRESDB_POOL_SIZE: 20", "  more:\n    image: postgres:16\n")
                        .says(id));
        CHECK_FALSE(with("-c config_file=/etc/postgresql/postgresql.conf", ", DB_POSTGRESDB_POOL_SIZE: 99").says(id));
        CHECK_FALSE(with("-c max_connections='${MOST}'", ", DB_POSTGRESDB_POOL_SIZE: 99").says(id));
        CHECK_FALSE(with("-c max_connections=9", ", DB_POSTGRESDB_POOL_SIZE: '${POOL}'").says(id));
        CHECK_FALSE(with("-N 300", ", DB_POSTGRESDB_POOL_SIZE: 120").says(id));
        CHECK_FALSE(
            lint_of(
                "services:\n  db:\n    image: postgres:17\n  n8n:\n    image: n8nio/n8n:1.123.0\n"
                "    environment: {DB_TYPE: postgresdb, DB_POSTGRESDB_HOST: pgbouncer, DB_POSTGRESDB_POOL_SIZE: 150}\n")
                .says(id));
    }
    SECTION("under every name that the database has for it") {
        const auto reached = [&](const std::string& host, const std::string& database, const std::string& client = "") {
            return lint_of("services:\n  db:\n    image: postgres:17\n" + database +
                           "  n8n:\n    image: n8nio/n8n:1.123.0\n" + client +
                           "    environment: {DB_TYPE: postgresdb, DB_POSTGRESDB_HOST: " + host +
                           ", DB_POSTGRESDB_POOL_SIZE: 150}\n")
                .says(id);
        };
        const std::string aliases = "    networks: {back: {aliases: [sql, store]}}\n";
        CHECK(reached("shop-db", "    container_name: shop-db\n"));
        CHECK(reached("store", aliases));
        CHECK(reached("postgres", "", "    links: ['db:postgres']\n"));
        CHECK_FALSE(reached("postgres", "", "    links: ['other:postgres', db]\n"));
        CHECK_FALSE(reached("stores", aliases));
        CHECK_FALSE(reached("shop-db", "    container_name: shop\n    hostname: shop-db\n"));
        CHECK_FALSE(reached("store", "    networks: [store]\n"));
    }
}
