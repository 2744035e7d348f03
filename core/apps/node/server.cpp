#include "core/apps/node/server.h"

#include <algorithm>
#include <map>
#include <set>

namespace pilotpros::apps::node {

namespace {

/// File names of tools that only start or watch others, and what they are called.
const std::map<std::string, std::string>& wrapper_names() {
    static const std::map<std::string, std::string> kNames{{"npm", "npm"},
                                                           {"npm-cli.js", "npm"},
                                                           {"npx", "npx"},
                                                           {"npx-cli.js", "npx"},
                                                           {"yarn", "yarn"},
                                                           {"yarn.js", "yarn"},
                                                           {"yarnpkg", "yarn"},
                                                           {"pnpm", "pnpm"},
                                                           {"pnpm.cjs", "pnpm"},
                                                           {"corepack", "corepack"},
                                                           {"nodemon", "nodemon"},
                                                           {"nodemon.js", "nodemon"},
                                                           {"ts-node-dev", "ts-node-dev"},
                                                           {"tsnd", "ts-node-dev"},
                                                           {"tsx", "tsx"},
                                                           {"concurrently", "concurrently"},
                                                           {"concurrently.js", "concurrently"},
                                                           {"pm2", "pm2"},
                                                           {"pm2-runtime", "pm2"},
                                                           {"PM2", "pm2"},
                                                           {"cross-env", "cross-env"},
                                                           {"dotenv", "dotenv"},
                                                           {"env-cmd", "env-cmd"},
                                                           {"forever", "forever"},
                                                           {"wait-on", "wait-on"},
                                                           {"turbo", "turbo"},
                                                           {"lerna", "lerna"},
                                                           {"nx", "nx"}};
    return kNames;
}

/// Published servers and tools that are told by the file they start.
const std::map<std::string, std::string>& package_names() {
    static const std::map<std::string, std::string> kNames{{"vite", "vite"},
                                                           {"vite.js", "vite"},
                                                           {"next", "next"},
                                                           {"next-server", "next"},
                                                           {"nuxt", "nuxt"},
                                                           {"nuxi", "nuxt"},
                                                           {"nest", "nest"},
                                                           {"ng", "angular"},
                                                           {"webpack", "webpack"},
                                                           {"webpack-dev-server", "webpack-dev-server"},
                                                           {"react-scripts", "react-scripts"},
                                                           {"vue-cli-service", "vue-cli-service"},
                                                           {"astro", "astro"},
                                                           {"remix", "remix"},
                                                           {"remix-serve", "remix"},
                                                           {"serve", "serve"},
                                                           {"http-server", "http-server"},
                                                           {"json-server", "json-server"},
                                                           {"n8n", "n8n"},
                                                           {"ts-node", "ts-node"},
                                                           {"strapi", "strapi"},
                                                           {"directus", "directus"},
                                                           {"node-red", "node-red"},
                                                           {"red.js", "node-red"},
                                                           {"parcel", "parcel"}};
    return kNames;
}

std::string wrapper_of(const Program& program) {
    const auto find = [](const std::string& name) {
        const auto found = wrapper_names().find(name);
        return found == wrapper_names().end() ? std::string{} : found->second;
    };
    if (interpreter_of(program.name) != "node") {
        return find(program.name);
    }
    const std::string by_script = find(base_name(program.script));
    const bool watches = std::any_of(program.options.begin(), program.options.end(),
                                     [](const std::string& option) { return option.rfind("--watch", 0) == 0; });
    return by_script.empty() && watches ? "node --watch" : by_script;
}

std::string package_of(const Program& program) {
    const auto find = [](const std::string& name) {
        const auto found = package_names().find(name);
        return found == package_names().end() ? std::string{} : found->second;
    };
    return interpreter_of(program.name) == "node" ? find(base_name(program.script)) : find(program.name);
}

void add_once(std::vector<std::string>& list, const std::string& word) {
    if (!word.empty() && std::find(list.begin(), list.end(), word) == list.end()) {
        list.push_back(word);
    }
}

/// vite, next dev and the like: servers for developing unless they are told to build or to serve what was built.
bool is_development(const std::string& package, const Program& program) {
    static const std::set<std::string> kDevelopers{
        "vite", "webpack-dev-server", "react-scripts", "vue-cli-service", "angular", "parcel"};
    static const std::set<std::string> kNeedWord{"next", "nuxt", "astro", "remix", "strapi"};
    const auto says = [&](const char* word) {
        return std::find(program.arguments.begin(), program.arguments.end(), word) != program.arguments.end();
    };
    if (kDevelopers.contains(package)) {
        return !says("preview") && !says("build");
    }
    return kNeedWord.contains(package) && (says("dev") || says("develop"));
}

/// Whether the process is node itself, not an init, a shell or an entrypoint script that a node is seen through.
bool is_itself(const ContainerProcess& process, const Program& program) {
    return process.argv.empty() || base_name(process.argv.front().reveal()) == base_name(program.path);
}

void add_development(Server& server) {
    if (is_development(server.package, server.program)) {
        add_once(server.development, server.package);
    }
    for (const std::string& wrapper : server.wrappers) {
        if (wrapper == "nodemon" || wrapper == "ts-node-dev" || wrapper == "node --watch" || wrapper == "tsx") {
            add_once(server.development, wrapper);
        }
    }
}

}  // namespace

bool is_node(const Program& program) {
    return interpreter_of(program.name) == "node" || wrapper_names().contains(program.name) ||
           program.name == "next-server" || program.name == "n8n";
}

std::optional<Server> server_of(const Program& program) {
    if (!is_node(program)) {
        return std::nullopt;
    }
    Server server;
    server.program = program;
    server.package = package_of(program);
    add_once(server.wrappers, wrapper_of(program));
    add_development(server);
    return server;
}

std::optional<Server> find_server(const std::vector<std::pair<const ContainerProcess*, Program>>& programs) {
    std::map<int, int> parents;
    for (const auto& [process, program] : programs) {
        parents[process->pid] = process->parent;
    }
    const auto depth = [&](int pid) {
        int steps = 0;
        for (auto found = parents.find(pid); found != parents.end() && steps < 64;
             found = parents.find(found->second)) {
            ++steps;
        }
        return steps;
    };
    Server server;
    const std::pair<const ContainerProcess*, Program>* best = nullptr;
    const auto better = [&](const auto& one) {
        if (best == nullptr) {
            return true;
        }
        const bool itself = is_itself(*one.first, one.second);
        if (itself != is_itself(*best->first, best->second)) {
            return itself;
        }
        const bool wraps = !wrapper_of(one.second).empty();
        const bool best_wraps = !wrapper_of(best->second).empty();
        if (wraps != best_wraps) {
            return best_wraps;
        }
        const int one_depth = wraps ? 0 : depth(one.first->pid);
        const int best_depth = wraps ? 0 : depth(best->first->pid);
        return one_depth != best_depth ? one_depth < best_depth : one.first->resident > best->first->resident;
    };
    for (const auto& one : programs) {
        if (!is_node(one.second)) {
            continue;
        }
        ++server.processes;
        server.servers += is_itself(*one.first, one.second) && wrapper_of(one.second).empty() ? 1 : 0;
        add_once(server.wrappers, wrapper_of(one.second));
        if (better(one)) {
            best = &one;
        }
    }
    if (best == nullptr) {
        return std::nullopt;
    }
    server.process = best->first;
    server.program = best->second;
    server.package = package_of(best->second);
    add_development(server);
    return server;
}

}  // namespace pilotpros::apps::node
