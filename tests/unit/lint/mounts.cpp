#include <catch2/catch.hpp>

#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

/// A base with a database, and a second file that mounts this into it.
LintProject with_later_mount(const std::string& mount) {
    LintProject built;
    built.file("/srv/shop/compose.yaml",
               "services:\n  db:\n    image: postgres:17\n    volumes:\n      - db_data:/var/lib/postgresql/data\n"
               "volumes:\n  db_data:\n");
    built.file("/srv/shop/compose.fast.yaml",
               "services:\n  db:\n    volumes:\n      - " + mount + "\nvolumes:\n  fast_data:\n");
    return built;
}

LintProject app_with_volumes(const std::string& volumes, const std::string& declared) {
    return lint_of("services:\n  app:\n    image: shop/app\n    volumes:\n" + volumes + declared);
}

}  // namespace

TEST_CASE("a volume without a name is told, but for what is made again", "[lint]") {
    const auto says = [](const std::string& mounts) {
        return lint_of("services:\n  git:\n    image: gitea/gitea\n    volumes: " + mounts + "\nvolumes: {data: }\n")
            .says("data-on-anonymous-volume");
    };
    CHECK(says("['/data']"));
    CHECK(says("[{type: volume, target: /data}]"));
    CHECK_FALSE(says("['data:/data']"));
    CHECK_FALSE(says("['./data:/data']"));
    CHECK_FALSE(says("['/app/node_modules']"));
    CHECK_FALSE(says("['${WHERE}']"));
    SECTION("a name of one letter is read as a drive, which no other name before it mends") {
        const Finding drive =
            lint_of("services: {db: {image: 'postgres:17', volumes: ['d:/var/lib/postgresql/data']}}\nvolumes: {d: }\n")
                .finding("data-on-anonymous-volume");
        CHECK(contains(drive.what, "read as a drive"));
        CHECK(contains(drive.fix, "two letters"));
    }
}

TEST_CASE("a later file that replaces a data mount is an error", "[lint]") {
    const std::string id = "data-mount-replaced";
    const Finding replaced = with_later_mount("fast_data:/var/lib/postgresql/data/").finding(id);
    CHECK(replaced.service == "db");
    CHECK(replaced.severity == Finding::Severity::kError);
    CHECK(contains(replaced.what, "compose.fast.yaml puts fast_data"));
    CHECK(contains(replaced.fix, "- db_data:/var/lib/postgresql/data"));
    CHECK(with_later_mount("./data:/var/lib/postgresql/data").says(id));
    CHECK_FALSE(with_later_mount("db_data:/var/lib/postgresql/data").says(id));
    CHECK_FALSE(with_later_mount("fast_data:/backup").says(id));
    for (const char* place : {"/bitnami/mysql/data", "/bitnami/mariadb/data", "/home/postgres/pgdata/data"}) {
        CAPTURE(place);
        const std::string target = place;
        LintProject two = lint_of("services:\n  db:\n    volumes: ['aa:" + target + "']\nvolumes: {aa: , bb: }\n");
        two.file("/srv/shop/over.yaml", "services: {db: {volumes: ['bb:" + target + "']}}\n");
        CHECK(two.says(id));
    }
    CHECK_FALSE(with_later_mount("${DATA}:/var/lib/postgresql/data").says(id));
}

TEST_CASE("a later file that makes another volume of a database's is an error", "[lint]") {
    const auto finding = [](const std::string& base, const std::string& later) {
        LintProject built;
        built.project.name = "shop";
        built.file(
            "/srv/shop/compose.yaml",
            "services:\n  db:\n    image: postgres:17\n    volumes: ['data:/var/lib/postgresql/data', 'logs:/backup']\n"
            "volumes:\n  logs:\n  data: " +
                base + "\n");
        built.file("/srv/shop/compose.fast.yaml", "volumes:\n  " + later + "\n");
        return built.finding("data-mount-replaced");
    };
    const Finding named = finding("{}", "data: {name: postgres_optimized_data}");
    CHECK(named.service == "db");
    CHECK(named.severity == Finding::Severity::kError);
    CHECK(finding("{}", "data: {external: true, name: opt}").severity == Finding::Severity::kWarning);
    CHECK(contains(named.what,
                   "compose.fast.yaml makes another volume of data, which is mounted on /var/lib/postgresql/data"));
    for (const char* later :
         {"data: {external: true, name: opt}", "data: {external: true}", "data: {external: {name: opt}}",
          "data: {driver: nfs}", "data: {driver_opts: {type: none, o: bind, device: /opt/pg}}"}) {
        CAPTURE(later);
        CHECK_FALSE(finding("", later).what.empty());
    }
    for (const char* later :
         {"data: {labels: {backup: 'yes'}}", "data:", "data: {driver: local}", "data: {name: shop_data}",
          "data: {external: false}", "data: {name: '${DATA}'}", "logs: {name: other}"}) {
        CAPTURE(later);
        CHECK(finding("{}", later).what.empty());
    }
    CHECK(finding("{name: opt}", "data: {external: true}").what.empty());
    CHECK(finding("{name: opt}", "data: {name: opt}").what.empty());
}

TEST_CASE("the data places of well-known databases", "[lint]") {
    const auto replaced = [](const std::string& image, const std::string& place) {
        LintProject built;
        built.file("/srv/shop/a.yaml",
                   "services:\n  c:\n    image: " + image + "\n    volumes: ['one:" + place + "']\n");
        built.file("/srv/shop/b.yaml", "services:\n  c:\n    volumes: ['two:" + place + "']\n");
        return built.says("data-mount-replaced");
    };
    for (const char* place : {"/bitnami/mariadb", "/bitnami/mongodb", "/var/opt/mssql", "/qdrant/storage"}) {
        CAPTURE(place);
        CHECK(replaced("shop/db", place));
    }
    for (const char* image : {"neo4j:5", "minio/minio", "redis"}) {
        CAPTURE(image);
        CHECK(replaced(image, "/data"));
        CHECK_FALSE(replaced(image, "/import"));
    }
    CHECK_FALSE(replaced("shop/app", "/data"));
}

TEST_CASE("one folder in two spellings replaces no data", "[lint]") {
    LintProject built;
    built.file("/srv/shop/a.yaml", "services:\n  c:\n    image: redis\n    volumes: ['./redis/:/data']\n");
    built.file("/srv/shop/b.yaml", "services:\n  c:\n    volumes: ['/srv/shop/redis:/data']\n");
    CHECK_FALSE(built.says("data-mount-replaced"));
    built.file("/srv/shop/c.yaml", "services:\n  c:\n    volumes: ['/srv/other:/data']\n");
    CHECK(built.says("data-mount-replaced"));
}

TEST_CASE("a volume that no file declares is an error", "[lint]") {
    const std::string id = "undeclared-volume";
    const std::string volumes = "      - backend_src:/app/src\n      - ./conf:/conf\n      - /anonymous\n";
    const Finding undeclared = app_with_volumes(volumes, "").finding(id);
    CHECK(undeclared.service == "app");
    CHECK(contains(undeclared.fix, "volumes:\n  backend_src: {}"));
    CHECK_FALSE(app_with_volumes(volumes, "volumes:\n  backend_src:\n").says(id));
    CHECK_FALSE(app_with_volumes(volumes, "include:\n  - more.yaml\n").says(id));
    CHECK_FALSE(app_with_volumes("      - ${SOURCE}:/app\n", "").says(id));
    SECTION("a relative path without a dot was meant for one, which no volume can be called") {
        const Finding path = app_with_volumes("      - config/app.yml:/app.yml\n", "").finding(id);
        CHECK(contains(path.fix, "./config/app.yml:/app.yml"));
        CHECK_FALSE(contains(path.fix, "{}"));
    }
    SECTION("a Windows drive is no volume") {
        CHECK_FALSE(app_with_volumes("      - C:\\data:/data\n", "").says(id));
        CHECK_FALSE(app_with_volumes("      - c:/src:/app:cached\n", "").says(id));
        CHECK_FALSE(app_with_volumes("      - '\\\\.\\pipe\\docker_engine:/run/docker'\n", "").says(id));
        CHECK(app_with_volumes("      - cd:/src:ro\n", "").says(id));
    }
    SECTION("by the default of a variable, where Compose refused the project") {
        const std::string by_default = "      - ${VOL:-nd}:/data\n";
        CHECK(contains(app_with_volumes(by_default, "").finding(id).what, "the volume nd, a default, on /data"));
        CHECK(app_with_volumes("      - ${VOL-nd}:${AT:-/data}\n", "").says(id));
        CHECK(app_with_volumes("      - ${VOL:-${OTHER:-nd}}:/data\n", "").says(id));
        CHECK_FALSE(app_with_volumes(by_default, "volumes:\n  nd:\n").says(id));
        CHECK_FALSE(app_with_volumes("      - ${VOL:-./nd}:/data\n", "").says(id));
        CHECK_FALSE(app_with_volumes("      - ${VOL:?nd}:/data\n", "").says(id));
        CHECK_FALSE(app_with_volumes("      - ${VOL:-}:/data\n", "").says(id));
        CHECK_FALSE(app_with_volumes("      - '${VOL:-nd:/data'\n", "").says(id));
        LintProject accepted = app_with_volumes(by_default, "");
        accepted.resolved("app", {{"image", "shop/app"}});
        CHECK_FALSE(accepted.says(id));
    }
    SECTION("any file of the project may declare it, also one that is not known here") {
        LintProject two = app_with_volumes(volumes, "");
        two.file("/srv/shop/more.yaml", "volumes:\n  backend_src: {}\n");
        CHECK_FALSE(two.says(id));
        LintProject included = app_with_volumes(volumes, "include:\n  - more.yaml\n");
        included.file("/srv/shop/more.yaml", "services: {}\n");
        CHECK(included.says(id));
        LintProject unknown = app_with_volumes(volumes, "");
        unknown.project.files.emplace_back("/srv/shop/unreadable.yaml");
        CHECK_FALSE(unknown.says(id));
    }
}

TEST_CASE("two mounts on one target are told", "[lint]") {
    const std::string id = "mount-twice";
    const std::string declared = "volumes:\n  src:\n";
    const Finding twice = app_with_volumes("      - ./src:/app/src\n      - src:/app/src/\n", declared).finding(id);
    CHECK(twice.severity == Finding::Severity::kWarning);
    CHECK(contains(twice.what, "./src and src on /app/src"));
    CHECK_FALSE(app_with_volumes("      - ./src:/app/src\n      - src:/app/lib\n", declared).says(id));
    SECTION("in every spelling") {
        CHECK(app_with_volumes("      - ./src:/app/src/\n      - src:/app//src\n", declared).says(id));
        CHECK(app_with_volumes("      - ./src:/app/src\n      - src:/app/lib/../src/.\n", declared).says(id));
        CHECK_FALSE(app_with_volumes("      - ./src:/app/src\n      - src:/app/src/..\n", declared).says(id));
    }
    SECTION("a tmpfs beside a mount, also of another file") {
        const Finding both =
            app_with_volumes("      - src:/app/cache\n    tmpfs: ['/app/cache/:size=64m']\n", declared).finding(id);
        CHECK(contains(both.what, "src and a tmpfs are both mounted on /app/cache"));
        CHECK(contains(both.harm, "one of the two cannot be there"));
        CHECK(app_with_volumes("      - ./src:/app/cache\n    tmpfs: /app/cache\n", declared).says(id));
        CHECK_FALSE(app_with_volumes("      - src:/app/src\n    tmpfs: [/app/cache]\n", declared).says(id));
        CHECK_FALSE(app_with_volumes("      - src:/app/cache\n    tmpfs: ['${CACHE}']\n", declared).says(id));
        LintProject two = app_with_volumes("      - src:/app/cache\n", declared);
        two.file("/srv/shop/more.yaml", "services:\n  app:\n    tmpfs: [/app/cache]\n");
        CHECK(two.says(id));
    }
    SECTION("in one file: the next file's replaces on purpose") {
        LintProject two = app_with_volumes("      - ./src:/app/src\n", declared);
        two.file("/srv/shop/more.yaml", "services:\n  app:\n    volumes: ['src:/app/src']\n");
        CHECK_FALSE(two.says(id));
    }
}

TEST_CASE("a mount option that Compose drops is told", "[lint]") {
    const std::string id = "mount-option-ignored";
    CHECK(app_with_volumes("      - ./src:/app/src:ro,cached\n", "").says(id));
    CHECK(app_with_volumes("      - {type: bind, source: ./src, target: /app/src, consistency: delegated}\n", "")
              .says(id));
    CHECK_FALSE(app_with_volumes("      - ./cached:/app/cached:ro\n", "").says(id));
    CHECK(app_with_volumes("      - ${SRC:-./src}:/app/src:cached\n", "").says(id));
    CHECK(app_with_volumes("      - C:/src:/app/src:cached\n", "").says(id));
    CHECK(app_with_volumes("      - C:\\src:C:\\app:cached\n", "").says(id));
    CHECK_FALSE(app_with_volumes("      - C:/cached:/app/src:ro\n", "").says(id));
}

TEST_CASE("a tmpfs that may fill the memory limit is told, in each way of writing one", "[lint]") {
    const std::string id = "tmpfs-fills-limit";
    const auto service = [&](const std::string& lines) {
        return lint_of("services:\n  app:\n    image: shop/app\n" + lines);
    };
    const std::string limit = "    mem_limit: 512m\n";
    const std::string volume =
        "volumes:\n  scratch:\n    driver_opts: {type: tmpfs, device: tmpfs, o: \"size=500m,uid=1000\"}\n";
    const Finding found = service(limit + "    volumes: [scratch:/scratch]\n" + volume).finding(id);
    CHECK(found.service == "app");
    CHECK(contains(found.what, "the volume scratch on /scratch may hold 500 MiB, the memory limit is 512 MiB"));
    CHECK(service(limit + "    tmpfs: /tmp:size=400m\n").says(id));
    CHECK(service(limit + "    tmpfs: [/run, \"/tmp:mode=755,size=400m\"]\n").says(id));
    CHECK(service("    deploy: {resources: {limits: {memory: 512M}}}\n" + std::string{"    tmpfs: /tmp:size=400m\n"})
              .says(id));
    CHECK(service(limit + "    volumes: [{type: tmpfs, target: /tmp, tmpfs: {size: 400m}}]\n").says(id));
    SECTION("one that leaves a quarter is not, nor one of which a size or a limit is not known") {
        CHECK_FALSE(service(limit + "    tmpfs: /tmp:size=384m\n").says(id));
        CHECK_FALSE(service(limit + "    tmpfs: /tmp:size=90%\n").says(id));
        CHECK_FALSE(service(limit + "    tmpfs: /tmp\n").says(id));
        CHECK_FALSE(service("    tmpfs: /tmp:size=400m\n").says(id));
        CHECK_FALSE(service(limit + "    volumes: [scratch:/scratch]\nvolumes:\n  scratch:\n").says(id));
    }
}

TEST_CASE("a tmpfs volume over what the image brings is told", "[lint]") {
    const std::string id = "tmpfs-volume-hides-image";
    const std::string volumes = "      - modules:/app/node_modules\n";
    const std::string memory =
        "volumes:\n  modules:\n    driver: local\n    driver_opts:\n      type: tmpfs\n"
        "      device: tmpfs\n";
    CHECK(app_with_volumes(volumes, memory).says(id));
    CHECK_FALSE(app_with_volumes(volumes, "volumes:\n  modules:\n").says(id));
    CHECK_FALSE(app_with_volumes("      - modules:/app/scratch\n", memory).says(id));
    SECTION("in each way of writing one") {
        CHECK(app_with_volumes("      - {type: tmpfs, target: /app/node_modules/}\n", "").says(id));
        CHECK_FALSE(app_with_volumes("      - {type: tmpfs, target: /app/scratch}\n", "").says(id));
        CHECK(lint_of("services:\n  app:\n    image: shop/app\n    tmpfs: ['/app/node_modules:size=64m']\n").says(id));
        CHECK(lint_of("services:\n  app:\n    image: shop/app\n    tmpfs: /app/node_modules\n").says(id));
        CHECK_FALSE(lint_of("services:\n  app:\n    image: shop/app\n    tmpfs: /tmp\n").says(id));
    }
}
