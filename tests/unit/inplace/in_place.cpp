#include <catch2/catch.hpp>

#include "tests/unit/inplace/in_place_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

const std::vector<std::string> kDeployed{"deploy", "resources", "limits", "memory"};

bool is_refused(const std::string& text, const std::string& why) {
    INFO(text);
    return text.starts_with("refused: ") && text.find(why) != std::string::npos;
}

}  // namespace

TEST_CASE("in place, a value is added behind the last one of its service", "[inplace]") {
    const std::string yaml =
        "# shop\n"
        "services:\n"
        "  web:   # the shop window\n"
        "    image: nginx:1\n"
        "    restart: always  # as ever\n"
        "    # ports: none\n"
        "\n"
        "  db: {image: postgres:17}\n";
    CHECK(in_place(yaml, {wanted("web", {"mem_limit"}, "128m")}) ==
          "# shop\n"
          "services:\n"
          "  web:   # the shop window\n"
          "    image: nginx:1\n"
          "    restart: always  # as ever\n"
          "    mem_limit: 128m\n"
          "    # ports: none\n"
          "\n"
          "  db: {image: postgres:17}\n");
    CHECK(in_place(yaml, {wanted("db", {"mem_limit"}, "128m"), wanted("db", kDeployed, "64M")}) ==
          "# shop\n"
          "services:\n"
          "  web:   # the shop window\n"
          "    image: nginx:1\n"
          "    restart: always  # as ever\n"
          "    # ports: none\n"
          "\n"
          "  db: {image: postgres:17, deploy: {resources: {limits: {memory: 64M}}}, mem_limit: 128m}\n");
}

TEST_CASE("in place, what stands there is changed and nothing beside it", "[inplace]") {
    SECTION("a plain value, with what follows it") {
        CHECK(in_place("services:\n  web:\n    mem_limit:   1g   # enough\n    image: x\n",
                       {wanted("web", {"mem_limit"}, "128m")}) ==
              "services:\n  web:\n    mem_limit:   128m   # enough\n    image: x\n");
    }
    SECTION("a pin stays as the user wrote it") {
        Change pin = wanted("web", {"mem_limit"}, "128m");
        pin.users_text = "${WEB:-128m}";
        const std::string there = "services:\n  web:\n    mem_limit: \"${WEB:-128m}\"\n";
        CHECK(in_place("services:\n  web:\n    mem_limit: 1g\n", {pin}) == there);
        CHECK(in_place("services:\n  web:\n    image: x\n", {pin}) ==
              "services:\n  web:\n    image: x\n    mem_limit: \"${WEB:-128m}\"\n");
        CHECK(in_place(there, {pin}) == there);
    }
    SECTION("a quoted one stays quoted") {
        CHECK(in_place("services: {web: {mem_limit: '1g'}}", {wanted("web", {"mem_limit"}, "128m")}) ==
              "services: {web: {mem_limit: \"128m\"}}");
    }
    SECTION("a number in a deep place, and a new one beside it") {
        CHECK(in_place(
                  "services:\n  web:\n    deploy:\n      resources:\n        limits:\n          cpus: 2\n",
                  {wanted("web", {"deploy", "resources", "limits", "cpus"}, 0.5), wanted("web", kDeployed, "64M")}) ==
              "services:\n  web:\n    deploy:\n      resources:\n        limits:\n          cpus: 0.5\n"
              "          memory: 64M\n");
    }
    SECTION("one that is the same already is left as it is written") {
        const std::string yaml = "services:\n  web:\n    mem_limit: '128m'\n";
        CHECK(in_place(yaml, {wanted("web", {"mem_limit"}, "128m")}) == yaml);
    }
    SECTION("a key without a value gets one") {
        CHECK(in_place("services:\n  web:\n    mem_limit:\n    image: x\n", {wanted("web", {"mem_limit"}, "128m")}) ==
              "services:\n  web:\n    mem_limit: 128m\n    image: x\n");
        CHECK(in_place("services:\n  web:\n    deploy: # later\n    image: x\n", {wanted("web", kDeployed, "64M")}) ==
              "services:\n  web:\n    deploy: # later\n      resources:\n        limits:\n          memory: 64M\n"
              "    image: x\n");
        CHECK(in_place("services:\n  web:\n    deploy: ~\n    image: x\n", {wanted("web", kDeployed, "64M")}) ==
              "services:\n  web:\n    deploy: {resources: {limits: {memory: 64M}}}\n    image: x\n");
    }
    SECTION("dollars are doubled, unless they are the user's own") {
        Change change = wanted("web", {"environment", "NODE_OPTIONS"}, "a$b");
        const std::string yaml = "services:\n  web:\n    environment:\n      NODE_OPTIONS: x\n";
        CHECK(in_place(yaml, {change}) == "services:\n  web:\n    environment:\n      NODE_OPTIONS: \"a$$b\"\n");
        change.as_written = true;
        CHECK(in_place(yaml, {change}) == "services:\n  web:\n    environment:\n      NODE_OPTIONS: \"a$b\"\n");
    }
}

TEST_CASE("in place, a file's own ways are kept", "[inplace]") {
    SECTION("line ends of Windows, and a last line without one") {
        CHECK(in_place("services:\r\n  web:\r\n    image: x", {wanted("web", kDeployed, "64M")}) ==
              "services:\r\n  web:\r\n    image: x\r\n    deploy:\r\n      resources:\r\n        limits:\r\n"
              "          memory: 64M");
    }
    SECTION("four blanks a level, and lists that are not further in") {
        CHECK(in_place("services:\n    web:\n        image: x\n        volumes:\n        - a:/a\n",
                       {wanted("web", kDeployed, "64M"), wanted("web", {"volumes"}, {"./b:/b"})}) ==
              "services:\n    web:\n        image: x\n        volumes:\n        - a:/a\n        - \"./b:/b\"\n"
              "        deploy:\n            resources:\n                limits:\n                    memory: 64M\n");
        CHECK(in_place("services:\n    db:\n        command:\n        - a\n    web:\n        image: x\n",
                       {wanted("web", {"volumes"}, {"./b:/b"})}) ==
              "services:\n    db:\n        command:\n        - a\n    web:\n        image: x\n        volumes:\n"
              "        - \"./b:/b\"\n");
    }
    SECTION("JSON stays JSON, in one line and in several") {
        CHECK(in_place(R"({"services":{"web":{"image":"x"}}})", {wanted("web", {"mem_limit"}, "128m")}) ==
              R"({"services":{"web":{"image":"x", "mem_limit": "128m"}}})");
        CHECK(in_place("{\n  \"services\": {\n    \"web\": {\n      \"image\": \"x\"\n    }\n  }\n}\n",
                       {wanted("web", {"mem_limit"}, "128m")}) ==
              "{\n  \"services\": {\n    \"web\": {\n      \"image\": \"x\",\n      \"mem_limit\": \"128m\"\n    }\n  "
              "}\n}\n");
    }
    SECTION("a byte order mark, and letters of more than one byte") {
        CHECK(in_place("\xEF\xBB\xBF# größe\nservices:\n  wéb:\n    labels: {a: ü}\n    mem_limit: 1g\n",
                       {wanted("wéb", {"mem_limit"}, "128m")}) ==
              "\xEF\xBB\xBF# größe\nservices:\n  wéb:\n    labels: {a: ü}\n    mem_limit: 128m\n");
    }
    SECTION("a folded text at the end is followed by what is added") {
        CHECK(in_place("services:\n  web:\n    command: >\n      a\n\n      b\n\n  db:\n    image: x\n",
                       {wanted("web", {"mem_limit"}, "128m")}) ==
              "services:\n  web:\n    command: >\n      a\n\n      b\n    mem_limit: 128m\n\n  db:\n    image: x\n");
        // One that keeps the line breaks behind it would lose them.
        CHECK(in_place("services:\n  web:\n    image: x\n    command: |+\n      a\n\n",
                       {wanted("web", {"mem_limit"}, "1g")}) ==
              "services:\n  web:\n    image: x\n    mem_limit: 1g\n    command: |+\n      a\n\n");
        CHECK(in_place("services:\n  web:\n    command: a\n      b\n", {wanted("web", {"mem_limit"}, "1g")}) ==
              "services:\n  web:\n    mem_limit: 1g\n    command: a\n      b\n");
    }
    SECTION("a comma at the end of a list in brackets") {
        CHECK(in_place("services: {web: {image: x, volumes: [a:/a,],}}", {wanted("web", {"volumes"}, {"b:/b"})}) ==
              "services: {web: {image: x, volumes: [a:/a, \"b:/b\"],}}");
    }
}

TEST_CASE("in place, a list changes item by item", "[inplace]") {
    const std::string yaml =
        "services:\n  db:\n    command:\n      - postgres # the server\n      - -c\n      - work_mem=8MB\n    image: "
        "x\n";
    CHECK(in_place(yaml, {wanted("db", {"command"}, {"postgres", "-c", "work_mem=8MB", "-c", "a=b"})}) ==
          "services:\n  db:\n    command:\n      - postgres # the server\n      - -c\n      - work_mem=8MB\n"
          "      - \"-c\"\n      - \"a=b\"\n    image: x\n");
    CHECK(in_place(yaml, {wanted("db", {"command"}, {"postgres", "-c", "a=b"})}) ==
          "services:\n  db:\n    command:\n      - postgres # the server\n      - -c\n      - \"a=b\"\n    image: x\n");
    CHECK(in_place("services:\n  db:\n    healthcheck:\n      test: [CMD, curl, -f, http://x]\n",
                   {wanted("db", {"healthcheck", "test"}, {"CMD-SHELL", "true"})}) ==
          "services:\n  db:\n    healthcheck:\n      test: [\"CMD-SHELL\", \"true\"]\n");
    CHECK(is_refused(in_place(yaml, {wanted("db", {"command"}, {"postgres"})}), "a comment"));
    CHECK(
        in_place("services:\n  db:\n    command: postgres -c a=b\n", {wanted("db", {"command"}, {"postgres", "-c"})}) ==
        "services:\n  db:\n    command: [\"postgres\", \"-c\"]\n");
    CHECK(in_place("services:\n  db:\n    command: >\n      postgres\n      -c a=b\n    image: x\n",
                   {wanted("db", {"command"}, {"postgres"})}) ==
          "services:\n  db:\n    command: [\"postgres\"]\n    image: x\n");
    CHECK(in_place("services:\n  n8n:\n    environment:\n      - A=1\n      - NODE_OPTIONS\n",
                   {wanted("n8n", {"environment", "NODE_OPTIONS"}, "--x"), wanted("n8n", {"environment", "B"}, "2")}) ==
          "services:\n  n8n:\n    environment:\n      - A=1\n      - \"NODE_OPTIONS=--x\"\n      - \"B=2\"\n");
}

TEST_CASE("in place, what others take up is refused", "[inplace]") {
    SECTION("a service that another one merges") {
        CHECK(is_refused(in_place("services:\n  web: &web\n    image: x\n  more:\n    <<: *web\n",
                                  {wanted("web", {"mem_limit"}, "1g")}),
                         "web carries &web, which line 5 takes up"));
    }
    SECTION("a reference in the way") {
        const std::string yaml =
            "x-deploy: &deploy {resources: {limits: {cpus: 1}}}\nservices:\n  web:\n    deploy: *deploy\n";
        CHECK(is_refused(in_place(yaml, {wanted("web", kDeployed, "64M")}), "web.deploy is *deploy (line 4)"));
        CHECK(in_place(yaml, {wanted("web", {"mem_limit"}, "1g")}) == yaml + "    mem_limit: 1g\n");
    }
    SECTION("a mapping that comes by <<; a single value of its own is none of the others'") {
        const std::string yaml =
            "x-all: &all\n  mem_limit: 2g\n  deploy: {replicas: 1}\n  volumes: [a:/a]\nservices:\n  web:\n    <<: "
            "[*all]\n";
        CHECK(is_refused(in_place(yaml, {wanted("web", kDeployed, "64M")}), "web.deploy comes by <<"));
        CHECK(is_refused(in_place(yaml, {wanted("web", {"volumes"}, {"b:/b"})}), "web.volumes comes by <<"));
        CHECK(in_place(yaml, {wanted("web", {"mem_limit"}, "1g")}) == yaml + "    mem_limit: 1g\n");
    }
    SECTION("an anchored value; a reference at the value itself is the service's own") {
        const std::string yaml = "services:\n  web:\n    mem_limit: &mem 2g\n  db:\n    mem_limit: *mem\n";
        CHECK(is_refused(in_place(yaml, {wanted("web", {"mem_limit"}, "1g")}), "web.mem_limit carries &mem"));
        CHECK(in_place(yaml, {wanted("db", {"mem_limit"}, "1g")}) ==
              "services:\n  web:\n    mem_limit: &mem 2g\n  db:\n    mem_limit: 1g\n");
        CHECK(in_place("services:\n  web:\n    mem_limit: &mem 2g\n", {wanted("web", {"mem_limit"}, "1g")}) ==
              "services:\n  web:\n    mem_limit: &mem 1g\n");
    }
    SECTION("a service that another one extends, in this file or by its name") {
        CHECK(is_refused(
            in_place("services:\n  web: {image: x}\n  more: {extends: web}\n", {wanted("web", {"mem_limit"}, "1g")}),
            "more extends it"));
        CHECK(
            is_refused(in_place("services:\n  web: {image: x}\n  more: {extends: {file: compose.yaml, service: web}}\n",
                                {wanted("web", {"mem_limit"}, "1g")}),
                       "more extends it"));
        CHECK(in_place("services:\n  web: {extends: {file: common.yaml, service: web}}\n",
                       {wanted("web", {"mem_limit"}, "1g")}) ==
              "services:\n  web: {extends: {file: common.yaml, service: web}, mem_limit: 1g}\n");
    }
    SECTION("a service of an included file") {
        CHECK(is_refused(in_place("include: [more.yaml]\nservices: {}\n", {wanted("web", {"mem_limit"}, "1g")}),
                         "what they include"));
    }
}

TEST_CASE("in place, what cannot be done with certainty is refused", "[inplace]") {
    CHECK(is_refused(in_place("services:\n  web:\n    mem_limit: ${MEM:-1g}\n", {wanted("web", {"mem_limit"}, "2g")}),
                     "web.mem_limit is ${MEM:-1g}"));
    CHECK(
        is_refused(in_place("x: &m $MEM\nservices:\n  web:\n    mem_limit: *m\n", {wanted("web", {"mem_limit"}, "2g")}),
                   "web.mem_limit is $MEM"));
    CHECK(is_refused(
        in_place("services:\n  web:\n    deploy: !override {replicas: 1}\n", {wanted("web", kDeployed, "64M")}),
        "carries the tag !override"));
    CHECK(is_refused(
        in_place("services:\n  web:\n    image: x\n---\nservices: {}\n", {wanted("web", {"mem_limit"}, "2g")}),
        "several documents"));
    CHECK(is_refused(in_place("services:\n  web: [\n", {wanted("web", {"mem_limit"}, "2g")}), "line "));
    CHECK(is_refused(in_place(std::string("services: {web: {image: x}}\0", 28), {wanted("web", {"mem_limit"}, "2g")}),
                     "not UTF-8"));
    CHECK(is_refused(in_place("services:\n  web:\n    deploy: always\n", {wanted("web", kDeployed, "64M")}),
                     "is no mapping"));
    // A variable that the user's own text keeps is no reason.
    Change kept = wanted("web", {"command"}, {"run", "${PORT:-80}", "-x"});
    kept.as_written = true;
    CHECK(in_place("services:\n  web:\n    command: [run, '${PORT:-80}']\n", {kept}) ==
          "services:\n  web:\n    command: [run, '${PORT:-80}', \"-x\"]\n");
}

TEST_CASE("in place, of several files the last one that has the value, or the service, gets it", "[inplace]") {
    const std::vector<ProjectFile> files{
        {"/shop/compose.yaml", "services:\n  web:\n    mem_limit: 1g\n  db:\n    image: x\n"},
        {"/shop/more.yaml", "services:\n  web:\n    image: y\n"}};
    const InPlaceEdits result = edits_in_place(
        files,
        plan_of({wanted("web", {"mem_limit"}, "2g"), wanted("web", {"cpus"}, 0.5), wanted("db", {"cpus"}, 0.5)}));
    CHECK(result.refusals.empty());
    CHECK(with_edits(files[0].bytes, result.edits.at("/shop/compose.yaml")) ==
          "services:\n  web:\n    mem_limit: 2g\n  db:\n    image: x\n    cpus: 0.5\n");
    CHECK(with_edits(files[1].bytes, result.edits.at("/shop/more.yaml")) ==
          "services:\n  web:\n    image: y\n    cpus: 0.5\n");
    CHECK(described(files[0], result.edits.at("/shop/compose.yaml")) ==
          std::vector<std::string>{"compose.yaml, line 3: 2g", "compose.yaml, line 5, added: cpus: 0.5"});
}

TEST_CASE("in place, what a later file resets is refused: it would have no effect in the earlier one", "[inplace]") {
    const std::vector<ProjectFile> files{
        {"/shop/compose.yaml", "services:\n  web:\n    healthcheck:\n      interval: 30s\n"},
        {"/shop/compose.override.yaml", "services:\n  web:\n    healthcheck: !reset null\n"}};
    const InPlaceEdits result = edits_in_place(files, plan_of({wanted("web", {"healthcheck", "interval"}, "5s")}));
    REQUIRE(result.refusals.size() == 1);
    CHECK(is_refused("refused: " + result.refusals.front().why, "carries the tag !reset"));
}

TEST_CASE("in place, a file that is JSON stays JSON", "[inplace]") {
    const std::string json = R"({"services":{"web":{"image":"x","mem_limit":1073741824,"deploy":null}}})";
    const std::string patched = in_place(json, {wanted("web", {"mem_limit"}, "128m"), wanted("web", kDeployed, "64M")});
    CHECK(nlohmann::json::parse(patched)["services"]["web"]["mem_limit"] == "128m");
    CHECK(nlohmann::json::parse(patched)["services"]["web"]["deploy"]["resources"]["limits"]["memory"] == "64M");
}

TEST_CASE("in place, a comment behind the last item of a list in brackets stays with it", "[inplace]") {
    const Change change = wanted("web", {"volumes"}, {"./c:/c"});
    CHECK(in_place("services:\n  web:\n    volumes: [\n      a:/a,\n      b:/b # logs\n    ]\n", {change}) ==
          "services:\n  web:\n    volumes: [\n      a:/a,\n      b:/b, # logs\n      \"./c:/c\"\n    ]\n");
    CHECK(in_place("services:\n  web:\n    volumes: [\n      a:/a, b:/b, # logs\n    ]\n", {change}) ==
          "services:\n  web:\n    volumes: [\n      a:/a, b:/b, # logs\n      \"./c:/c\"\n    ]\n");
}
