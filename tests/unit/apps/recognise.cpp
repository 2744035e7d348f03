#include <catch2/catch.hpp>

#include "core/apps/asking.h"
#include "core/apps/node/server.h"

using namespace pilotpros;
using namespace pilotpros::apps;

namespace {

std::vector<Secret> words(std::initializer_list<const char*> list) {
    std::vector<Secret> result;
    for (const char* word : list) {
        result.emplace_back(word);
    }
    return result;
}

/// A process as ps prints it: split at blanks.
ContainerProcess process(int pid, int parent, const std::string& line, Bytes resident = 1 << 20) {
    ContainerProcess result{pid, parent, resident, {}};
    for (std::size_t at = 0; at < line.size();) {
        const auto end = std::min(line.find(' ', at), line.size());
        result.argv.emplace_back(line.substr(at, end - at));
        at = end + 1;
    }
    return result;
}

std::vector<std::string> kinds(const std::vector<Application>& applications) {
    std::vector<std::string> result;
    result.reserve(applications.size());
    for (const Application& one : applications) {
        result.push_back(one.kind);
    }
    return result;
}

using Kinds = std::vector<std::string>;

Kinds recognised(const std::vector<ContainerProcess>& processes, const Container& container = {},
                 const Image& image = {}, const Service& service = {}) {
    return kinds(recognise_all({&service, &container, &image, &processes}));
}

Image postgres_image() {
    Image image;
    image.tags = {"postgres:17"};
    image.entrypoint = words({"docker-entrypoint.sh"});
    image.command = words({"postgres"});
    image.environment = {{"PG_MAJOR", Secret{"17"}}, {"PGDATA", Secret{"/var/lib/postgresql/data"}}};
    image.exposed_ports = {"5432/tcp"};
    return image;
}

std::string program(std::initializer_list<const char*> list) { return program_of(words(list)).name; }

}  // namespace

TEST_CASE("programs: what only starts others is seen through", "[apps]") {
    CHECK(program({"docker-entrypoint.sh", "postgres", "-c", "x=1"}) == "postgres");
    CHECK(program({"/bin/sh", "-c", "exec redis-server --requirepass \"$P\""}) == "redis-server");
    CHECK(program({"sh", "-c", "cd /app && FOO=1 exec node server.js"}) == "node");
    CHECK(program({"tini", "-g", "--", "/docker-entrypoint.sh", "n8n", "start"}) == "n8n");
    CHECK(program({"gosu", "redis", "redis-server"}) == "redis-server");
    CHECK(program({"/usr/sbin/nginx", "-g", "daemon off;"}) == "nginx");
    CHECK(program({"nginx:", "master", "process", "nginx"}) == "nginx");
    CHECK(program({"env", "A=b", "python3.11", "-m", "gunicorn"}) == "python3.11");
    CHECK(program({}).empty());
    CHECK(program({"sh"}) == "sh");
    CHECK(program_of(words({"python", "-u", "-m", "gunicorn", "app:app"})).script == "gunicorn");
    CHECK(program_of(words({"node", "-r", "dotenv/config", "--inspect", "dist/main.js", "x"})).script ==
          "dist/main.js");
    CHECK(program_of(words({"node", "-e", "secret()"})).script.empty());
}

TEST_CASE("recognise: processes decide, whatever names, ports and images are called", "[apps]") {
    CHECK(recognised({process(1, 0, "postgres -p 6000"), process(2, 1, "postgres: checkpointer")}) ==
          Kinds{"postgres"});
    CHECK(recognised({process(1, 0, "nginx: master process /opt/ng/sbin/nginx -c /x")}) == Kinds{"nginx"});
    CHECK(recognised({process(1, 0, "redis-server *:7000")}) == Kinds{"redis"});
    CHECK(recognised({process(1, 0, "python3.11 /srv/thing.py")}) == Kinds{"python"});
    CHECK(recognised({process(1, 0, "npm run dev"), process(2, 1, "sh -c vite"),
                      process(3, 2, "node /app/node_modules/.bin/vite")}) == Kinds{"node"});
    CHECK(recognised({process(1, 0, "/beacon")}).empty());
}

TEST_CASE("recognise: n8n is a node program, which comes after it", "[apps]") {
    CHECK(recognised({process(1, 0, "tini -- /docker-entrypoint.sh"),
                      process(2, 1, "node /usr/local/bin/n8n start")}) == Kinds{"n8n", "node"});
    CHECK(recognised({process(1, 0, "node /opt/n8n/node_modules/n8n/bin/n8n worker")}) == Kinds{"n8n", "node"});
}

TEST_CASE("recognise: an image of PostgreSQL that runs a script of one's own is no server", "[apps]") {
    Container container;
    container.argv = words({"sh", "-c", "while sleep 3600; do pg_dump -h db; done"});
    CHECK(recognised({process(1, 0, "sh -c while sleep 3600; do pg_dump -h db; done")}, container, postgres_image())
              .empty());
    // The same evidence without processes would have been enough.
    const Image image = postgres_image();
    CHECK(kinds(recognise_all({nullptr, nullptr, &image, nullptr})) == Kinds{"postgres"});
}

TEST_CASE("recognise: a health check or a shell brought in is not the container's program", "[apps]") {
    Container container;
    container.pid = 100;
    CHECK(recognised({process(100, 1, "/beacon"), process(200, 1, "redis-server *:1"), process(300, 1, "python3 -c 1")},
                     container)
              .empty());
    CHECK(recognised({process(100, 1, "/beacon"), process(90, 100, "redis-server *:1")}, container) == Kinds{"redis"});
}

TEST_CASE("recognise: from files alone, with less confidence", "[apps]") {
    Service service;
    service.image = "registry.example:5000/base/postgres:17@sha256:00";
    const auto found = recognise_all({&service, nullptr, nullptr, nullptr});
    REQUIRE(kinds(found) == Kinds{"postgres"});
    CHECK(found.front().confidence < 0.8);
    const std::vector<ContainerProcess> running{process(1, 0, "postgres")};
    CHECK(recognise_all({&service, nullptr, nullptr, &running}).front().confidence > 0.95);
    service.image = "prom/postgres-exporter";
    CHECK(recognise_all({&service, nullptr, nullptr, nullptr}).empty());
}

TEST_CASE("recognise: x-pilotpros decides alone", "[apps]") {
    const std::vector<ContainerProcess> running{process(1, 0, "postgres")};
    Service service;
    service.extension = {{"application", "none"}};
    CHECK(recognise_all({&service, nullptr, nullptr, &running}).empty());
    service.extension = {{"application", "redis"}};
    CHECK(kinds(recognise_all({&service, nullptr, nullptr, &running})) == Kinds{"redis"});
    CHECK_FALSE(check_correction(service));
    service.extension = {{"application", "oracle"}};
    CHECK(check_correction(service));
    service.extension = {{"application", 7}};
    CHECK(kinds(recognise_all({&service, nullptr, nullptr, &running})) == Kinds{"postgres"});
}

TEST_CASE("recognise: nothing known is nothing recognised", "[apps]") {
    CHECK(recognise_all({}).empty());
    const std::vector<ContainerProcess> none;
    CHECK(recognise_all({nullptr, nullptr, nullptr, &none}).empty());
}

TEST_CASE("recognise: no word of the user's gets into the evidence", "[apps]") {
    Container container;
    container.argv = words({"sh", "-c", "exec redis-server --requirepass hunter2"});
    container.environment = {{"REDIS_PASSWORD", Secret{"hunter2"}}};
    const std::vector<ContainerProcess> running{process(1, 0, "redis-server hunter2:1")};
    for (const Application& one : recognise_all({nullptr, &container, nullptr, &running})) {
        for (const std::string& line : one.evidence) {
            CHECK(line.find("hunter2") == std::string::npos);
        }
    }
}

TEST_CASE("node: the server is told from what started it", "[apps]") {
    const auto find = [](const std::vector<ContainerProcess>& list) {
        std::vector<std::pair<const ContainerProcess*, Program>> all;
        all.reserve(list.size());
        for (const ContainerProcess& one : list) {
            all.emplace_back(&one, program_of(one.argv));
        }
        return node::find_server(all);
    };
    const std::vector<ContainerProcess> vite{
        process(1, 0, "npm run dev", 90 << 20), process(2, 1, "sh -c vite --host"),
        process(3, 2, "node /app/node_modules/.bin/vite --host", 80 << 20),
        process(4, 3, "/app/node_modules/@esbuild/linux-x64/bin/esbuild --service=0.21 --ping")};
    const auto dev = find(vite);
    REQUIRE(dev);
    CHECK(dev->process->pid == 3);
    CHECK(dev->package == "vite");
    CHECK(dev->wrappers == Kinds{"npm"});
    CHECK(dev->development == Kinds{"vite"});

    const std::vector<ContainerProcess> watched{process(1, 0, "node /app/node_modules/.bin/nodemon src/server.js"),
                                                process(2, 1, "/usr/local/bin/node src/server.js")};
    CHECK(find(watched)->process->pid == 2);
    CHECK(find(watched)->development == Kinds{"nodemon"});

    const std::vector<ContainerProcess> by_node{process(1, 0, "node --watch server.js"),
                                                process(2, 1, "/usr/bin/node server.js")};
    CHECK(find(by_node)->process->pid == 2);

    const std::vector<ContainerProcess> n8n{process(1, 0, "tini -- x"),
                                            process(2, 1, "node /usr/local/bin/n8n", 500 << 20),
                                            process(3, 2, "node /usr/lib/x/@n8n/task-runner/dist/start.js", 600 << 20)};
    CHECK(find(n8n)->process->pid == 2);

    const std::vector<ContainerProcess> only_npm{process(1, 0, "npm start")};
    CHECK(find(only_npm)->process->pid == 1);
    CHECK_FALSE(find({}));
}
