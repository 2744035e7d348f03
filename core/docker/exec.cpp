#include "core/docker/exec.h"

#include <fmt/format.h>
#include <sys/types.h>

extern "C" {
// glibc 2.36 forgot to say that these are C functions.
#include <sys/pidfd.h>
}

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/docker/frames.h"
#include "core/docker/json.h"
#include "core/model/error.h"
#include "core/sys/descriptor.h"
#include "core/sys/files.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

/// One exec on its way through the three steps.
struct Running {
    std::size_t index = 0;
    std::string id;
    int start_status = 0;
};

Request inspect_of(const Running& running) {
    Request request;
    request.path = "/exec/" + running.id + "/json";
    return request;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find_first_of("\r\n")); }

/// The children that the kernel tells of, each thread its own; nothing where it does not.
std::optional<std::vector<pid_t>> children_of(pid_t pid) {
    std::vector<pid_t> children;
    std::error_code error;
    std::filesystem::directory_iterator threads{fmt::format("/proc/{}/task", pid), error};
    for (; !error && threads != std::filesystem::directory_iterator{}; threads.increment(error)) {
        const auto told = DiskFiles{}.read(threads->path() / "children");
        if (!told) {
            return std::nullopt;
        }
        std::istringstream words{*told};
        children.insert(children.end(), std::istream_iterator<pid_t>{words}, {});
    }
    return error ? std::nullopt : std::optional{std::move(children)};
}

/// Ends a process, or where it has children those of them that have none. Whoever had children would leave them to the
/// container's first process, and PostgreSQL takes the end of a child that it does not know, by SIGPIPE or with 2, for
/// a crash of its own and closes all connections (https://github.com/docker-library/postgres/issues/1349). A shell
/// whose child is ended goes on to its end.
void end_leaves(pid_t pid, const std::string& container) {
    const Descriptor process{pidfd_open(pid, 0)};
    const auto groups = process.valid() ? DiskFiles{}.read(fmt::format("/proc/{}/cgroup", pid)) : std::nullopt;
    const auto children = children_of(pid);
    if (!groups || groups->find(container) == std::string::npos || !children) {
        return;
    }
    for (const pid_t child : *children) {
        end_leaves(child, container);
    }
    if (children->empty()) {
        pidfd_send_signal(process.get(), SIGKILL, nullptr, 0);
    }
}

/// No API ends an exec. Where we may, and the process is provably the container's, we do: on another machine no process
/// of ours has this container's ID in its control group.
void end_process(const Json& exec) {
    const auto pid = static_cast<pid_t>(integer(exec, "Pid"));
    const std::string container = text(exec, "ContainerID");
    if (pid <= 1 || container.size() < 32) {
        return;
    }
    try {
        end_leaves(pid, container);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): not ours to look at, so not ours to end
    }
}

/// `Running` in the engine's answer may lag behind the end of the output.
constexpr milliseconds kPatience{500};
constexpr milliseconds kPollEvery{10};

std::vector<Running> create(Engine& engine, const std::vector<ExecRequest>& requests,
                            std::vector<ExecResult>& results) {
    std::vector<Request> calls;
    for (const ExecRequest& request : requests) {
        Json body{{"AttachStdin", false},
                  {"AttachStdout", true},
                  {"AttachStderr", true},
                  {"Tty", false},
                  {"Cmd", request.argv}};
        if (!request.user.empty()) {
            body["User"] = request.user;
        }
        calls.push_back(post_json("/containers/" + request.container + "/exec", body));
    }
    const std::vector<Response> responses = engine.call_all(calls);
    std::vector<Running> created;
    for (std::size_t i = 0; i < responses.size(); ++i) {
        if (responses[i].status == 0) {
            throw EngineLost("the engine gave no answer: " + responses[i].body);
        }
        const Json answer = Json::parse(responses[i].body, nullptr, false);
        if (responses[i].ok() && !text(answer, "Id").empty()) {
            created.push_back({i, text(answer, "Id"), 0});
        } else {
            results[i].complaint = responses[i].ok() ? "the engine's answer is no exec" : responses[i].message();
        }
    }
    return created;
}

void start(Engine& engine, const std::vector<ExecRequest>& requests, std::vector<Running>& running,
           std::vector<ExecResult>& results) {
    std::vector<Request> calls;
    for (const Running& one : running) {
        calls.push_back(post_json("/exec/" + one.id + "/start", {{"Detach", false}, {"Tty", false}}));
        calls.back().timeout = requests[one.index].timeout;
    }
    const std::vector<Response> responses = engine.call_all(calls);
    for (std::size_t i = 0; i < responses.size(); ++i) {
        running[i].start_status = responses[i].status;
        ExecResult& result = results[running[i].index];
        result.took = responses[i].took;
        if (responses[i].ok()) {
            Frames frames;
            frames.feed(responses[i].body);
            result.output = frames.output();
            result.error = frames.error();
            if (frames.broken()) {
                result.complaint = frames.malformed() ? "the output is no stream of frames" : "the output broke off";
            }
        } else {
            result.complaint = responses[i].status == 0 ? responses[i].body : responses[i].message();
        }
    }
    // Refused before it began (the container has ended since): there is no end to wait for.
    std::erase_if(running, [](const Running& one) { return one.start_status >= 400; });
}

/// Reads how one ended. False when it still runs.
bool finish(const Running& running, const Response& response, bool last_look, ExecResult& result) {
    if (response.status == 0) {
        throw EngineLost("the engine gave no answer: " + response.body);
    }
    const Json exec = Json::parse(response.body, nullptr, false);
    if (!response.ok() || !exec.is_object()) {
        result.complaint = response.ok() ? "the engine's answer is no exec" : response.message();
        return true;
    }
    result.started = true;
    if (flag(exec, "Running")) {
        if (running.start_status == 0 || last_look) {
            result.timed_out = true;
            end_process(exec);
            return true;
        }
        return false;
    }
    result.exit_code = member(exec, "ExitCode").is_number_integer() ? static_cast<int>(integer(exec, "ExitCode")) : -1;
    // Measured on 20.10 and 26.1: what never began has no process, ends with 126 or 127, and its output is the
    // runtime's complaint.
    if (integer(exec, "Pid") == 0 && (result.exit_code == 126 || result.exit_code == 127)) {
        result.started = false;
        result.complaint = first_line(result.output.empty() ? result.error : result.output);
        result.output.clear();
    } else if (running.start_status == 0) {
        result.timed_out = true;
    } else if (result.exit_code < 0 && result.complaint.empty()) {
        result.complaint = "the container ended meanwhile";
    }
    return true;
}

}  // namespace

void end_exec(Engine& engine, const std::string& id) {
    const Response response = engine.call(inspect_of({0, id, 0}));
    const Json exec = Json::parse(response.body, nullptr, false);
    if (response.ok() && exec.is_object() && flag(exec, "Running")) {
        end_process(exec);
    }
}

std::vector<ExecResult> exec_all(Engine& engine, const std::vector<ExecRequest>& requests) {
    std::vector<ExecResult> results(requests.size());
    std::vector<Running> running = create(engine, requests, results);
    start(engine, requests, running, results);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!running.empty()) {
        std::vector<Request> calls;
        std::transform(running.begin(), running.end(), std::back_inserter(calls), inspect_of);
        const std::vector<Response> responses = engine.call_all(calls);
        const bool last_look = std::chrono::steady_clock::now() >= deadline;
        std::vector<Running> left;
        for (std::size_t i = 0; i < running.size(); ++i) {
            if (!finish(running[i], responses[i], last_look, results[running[i].index])) {
                left.push_back(running[i]);
            }
        }
        running = std::move(left);
        if (!running.empty()) {
            engine.pump(kPollEvery);
        }
    }
    return results;
}

ExecResult exec(Engine& engine, const ExecRequest& request) { return exec_all(engine, {request}).front(); }

}  // namespace pilotpros
