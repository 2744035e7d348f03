#include <catch2/catch.hpp>

#include <set>

#include "core/lint/registry.h"
#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

const char* const kQuietService = "services:\n  app:\n    image: shop/app\n    networks: [back]\n";

std::string network_with(const std::string& subnet) {
    return "networks:\n  back:\n    ipam:\n      config:\n        - subnet: " + subnet + "\n";
}

}  // namespace

TEST_CASE("a fixed subnet that nobody needs is told", "[lint]") {
    const std::string id = "fixed-subnet";
    const Finding fixed = lint_of(kQuietService + network_with("172.20.0.0/16")).finding(id);
    CHECK(fixed.service.empty());
    CHECK(fixed.severity == Finding::Severity::kNote);
    CHECK(contains(fixed.what, "172.20.0.0/16"));
    CHECK_FALSE(lint_of(kQuietService + std::string{"networks:\n  back:\n"}).says(id));
    CHECK_FALSE(lint_of(kQuietService + network_with("${SUBNET}")).says(id));
    CHECK_FALSE(lint_of("services:\n  app:\n    networks:\n      back:\n        ipv4_address: 172.20.0.9\n" +
                        network_with("172.20.0.0/16"))
                    .says(id));
    SECTION("not where a service is told an address in it") {
        const auto told = [&](const std::string& line) {
            return lint_of(std::string{kQuietService} + "    " + line + "\n" + network_with("172.20.0.0/16")).says(id);
        };
        for (const char* line :
             {"environment: {TRUSTED_PROXIES: 172.20.0.1}", "environment: ['RELAY=127.0.0.0/8,172.20.0.0/16']",
              "extra_hosts: ['host:172.20.0.1']", "extra_hosts: {host: 172.20.255.254}",
              "command: [server, '--listen=172.20.0.9:80']", "command: \"sh -c 'echo\\n172.20.0.9.'\"",
              "labels: {allow: '10.0.0.1,172.20.3.4/32'}", "dns: 172.20.0.2", "ports: ['172.20.0.1:80:80']"}) {
            CAPTURE(line);
            CHECK_FALSE(told(line));
        }
        for (const char* line : {"environment: {TRUSTED_PROXIES: 172.21.0.1}", "environment: {VERSION: 1172.20.0.1}",
                                 "environment: {VERSION: v172.20.0.1}", "environment: {VERSION: 172.20.0}",
                                 "environment: {VERSION: 172.20.0.1.5}", "environment: {VERSION: 172.20.0.256}"}) {
            CAPTURE(line);
            CHECK(told(line));
        }
    }
}

TEST_CASE("a network that is called the same in every project is told", "[lint]") {
    const std::string id = "fixed-network-name";
    const auto with = [&](const std::string& service, const std::string& lines) {
        return lint_of(std::string{kQuietService} + service + "networks:\n  back:\n" + lines).finding(id);
    };
    const Finding named = with("", "    name: shop_net\n");
    CHECK(named.severity == Finding::Severity::kNote);
    CHECK(contains(named.what, "the network back is always called shop_net"));
    CHECK(with("", "    driver: bridge\n").what.empty());
    CHECK(with("", "    name: ${NETWORK}\n").what.empty());
    CHECK(with("", "    name: shop_net\n    external: true\n").what.empty());
    CHECK_FALSE(with("", "    name: shop_net\n    external: false\n").what.empty());
    CHECK(with("", "  front:\n    name: shop_net\n").what.empty());  // nobody is on it
    CHECK(with("    labels: {traefik.docker.network: shop_net}\n", "    name: shop_net\n").what.empty());
    CHECK(with("    command: [--providers.docker.network=shop_net]\n", "    name: shop_net\n").what.empty());
    CHECK(with("    command: [--network, shop_net]\n", "    name: shop_net\n").what.empty());
    CHECK_FALSE(with("    environment: {DATABASE: shop_net}\n", "    name: shop_net\n").what.empty());
    CHECK_FALSE(with("    environment: {PROJECT: a_network}\n", "    name: a_network\n").what.empty());
    CHECK_FALSE(with("    labels: {traefik.docker.network: my-web}\n", "    name: web\n").what.empty());
    // No second copy can be there.
    CHECK(with("    container_name: app\n", "    name: shop_net\n").what.empty());
}

TEST_CASE("an option that a bridge has anyway is told", "[lint]") {
    const std::string id = "bridge-option-is-default";
    const auto with = [&](const std::string& lines) {
        return lint_of(kQuietService + ("networks:\n  back:\n" + lines)).finding(id);
    };
    const Finding mtu = with("    driver_opts: {com.docker.network.driver.mtu: 1500}\n");
    CHECK(mtu.severity == Finding::Severity::kNote);
    CHECK(contains(mtu.what, "the network back says com.docker.network.driver.mtu: 1500"));
    CHECK(contains(with("    driver: bridge\n    driver_opts: {com.docker.network.bridge.enable_icc: 'true'}\n").what,
                   "enable_icc: true"));
    CHECK(with("    driver_opts: {com.docker.network.driver.mtu: 1450}\n").what.empty());
    CHECK(with("    driver_opts: {com.docker.network.bridge.enable_icc: 'false'}\n").what.empty());
    CHECK(with("    driver: overlay\n    driver_opts: {com.docker.network.driver.mtu: 1500}\n").what.empty());
}

TEST_CASE("version at the top of a file is told", "[lint]") {
    const std::string id = "version-obsolete";
    CHECK(contains(lint_of(std::string{"version: '3.8'\n"} + kQuietService).finding(id).what, "compose.yaml"));
    CHECK_FALSE(lint_of(kQuietService).says(id));
    SECTION("by Compose's own warning where the text is not known") {
        LintProject built;
        built.project.files = {"-"};
        built.project.warnings = {"-: the attribute `version` is obsolete, it will be ignored"};
        CHECK(built.says(id));
    }
}

TEST_CASE("every lint rule has an id of its own and says what, why and where from", "[lint]") {
    std::set<std::string> ids;
    for (const linting::LintRule& rule : linting::lint_rules()) {
        INFO(rule.id);
        CHECK(ids.insert(rule.id).second);
        CHECK(*rule.title != '\0');
        CHECK(*rule.harm != '\0');
        CHECK(std::string{rule.source}.starts_with("https://"));
    }
    CHECK(ids.size() == linting::lint_rules().size());
}

TEST_CASE("files that are no Compose files are linted in silence", "[lint]") {
    for (const char* yaml : {"", "- a\n- b\n", "services: [1, 2]\n", "services:\n  a: 7\n", "{[", "a: &a [*a]\n",
                             "services:\n  a:\n    volumes: {x: 1}\n    command: 7\n    healthcheck: []\n"}) {
        INFO(yaml);
        CHECK(lint(lint_of(yaml).project, lint_of(yaml).input).empty());
    }
}

TEST_CASE("aliases that double with each line are not followed for ever", "[lint]") {
    std::string yaml = "a0: &a0 [x, x]\n";
    for (int i = 1; i < 40; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
    }
    CHECK(linting::read_yaml(yaml).front().is_null());
    SECTION("nor is a long text that is repeated, in one document or in many") {
        const auto repeated = [](std::size_t length, int times) {
            std::string text = "a: &a \"" + std::string(length, 'y') + "\"\nb: [*a";
            for (int i = 1; i < times; ++i) {
                text += ", *a";
            }
            return text + "]\n";
        };
        CHECK(linting::read_yaml(repeated(100'000, 9000)).front().is_null());
        CHECK(linting::read_yaml(repeated(100'000, 9)).front()["b"].size() == 9);
        std::string many;
        for (int i = 0; i < 20; ++i) {
            many += "---\n" + repeated(100'000, 9);
        }
        CHECK(linting::read_yaml(many).front().is_null());
    }
    CHECK(linting::read_yaml("base: &b {a: 1, b: 2}\nmore: {<<: *b, b: 3}\n").front()["more"] ==
          nlohmann::json{{"a", "1"}, {"b", "3"}});
}

TEST_CASE("a limit in two ways of writing that differ is why Compose refuses the project", "[lint]") {
    const std::string id = "limits-contradict";
    const auto with = [](const std::string& flat, const std::string& deployed) {
        return lint_of("services:\n  web:\n    image: x\n    " + flat +
                       "\n    deploy: {resources: {limits: " + deployed + "}}\n");
    };
    const Finding differs = with("mem_limit: 1g", "{memory: 512M}").finding(id);
    CHECK(differs.severity == Finding::Severity::kError);
    CHECK(contains(differs.what, "mem_limit is 1g, deploy.resources.limits.memory 512M"));
    CHECK(tells_why_compose_refuses({differs}));
    CHECK(with("cpus: 0.5", "{cpus: '2'}").says(id));
    CHECK(with("pids_limit: 100", "{pids: 200}").says(id));
    CHECK(contains(with("mem_limit: 1g", "{cpus: '2'}").finding(id).what, "limits has no memory"));
    CHECK_FALSE(with("mem_limit: 1g", "{memory: 1024M}").says(id));
    CHECK_FALSE(with("mem_limit: '${M}'", "{memory: 512M}").says(id));
    SECTION("by the default of a variable, where Compose refused the project") {
        const Finding by_default = with("mem_limit: ${M:-512m}", "{memory: 1G}").finding(id);
        CHECK(contains(by_default.what, "mem_limit is ${M:-512m}"));
        CHECK(contains(by_default.what, "by the defaults"));
        CHECK_FALSE(contains(differs.what, "by the defaults"));
        CHECK(with("mem_limit: 1g", "{memory: '${M-512m}'}").says(id));
        CHECK_FALSE(with("mem_limit: ${M:-1g}", "{memory: 1G}").says(id));
        LintProject refused_for_more = with("mem_limit: ${M:-512m}", "{memory: 1G}");
        refused_for_more.refused_for_values = false;  // by a slip elsewhere: M may be set to anything
        CHECK_FALSE(refused_for_more.says(id));
        CHECK_FALSE(with("mem_limit: ${M:?512m}", "{memory: 1G}").says(id));
        CHECK_FALSE(with("mem_limit: ${M:-${N}}", "{memory: 1G}").says(id));
        LintProject accepted = with("mem_limit: ${M:-512m}", "{memory: 1G}");
        accepted.resolved("web",
                          {{"mem_limit", "${M:-512m}"}, {"deploy", {{"resources", {{"limits", {{"memory", "1G"}}}}}}}});
        CHECK_FALSE(accepted.says(id));
    }
    CHECK_FALSE(with("restart: always", "{memory: 512M}").says(id));
    CHECK_FALSE(lint_of("services: {web: {image: x, mem_limit: 1g}}").says(id));
    SECTION("what it would refuse for another reason is not told instead") {
        const Finding obsolete = lint_of("version: '3'\nservices: {web: {image: x}}").finding("version-obsolete");
        CHECK_FALSE(tells_why_compose_refuses({obsolete}));
    }
}
