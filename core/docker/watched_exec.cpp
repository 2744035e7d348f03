#include "core/docker/watched_exec.h"

#include <exception>

#include <nlohmann/json.hpp>

#include "core/docker/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

}  // namespace

WatchedExec::WatchedExec(Engine& engine, const ExecRequest& request) : engine_(engine) {
    Json body{
        {"AttachStdin", false}, {"AttachStdout", true}, {"AttachStderr", true}, {"Tty", false}, {"Cmd", request.argv}};
    if (!request.user.empty()) {
        body["User"] = request.user;
    }
    const Response created = engine_.call(post_json("/containers/" + request.container + "/exec", body));
    id_ = created.ok() ? text(Json::parse(created.body, nullptr, false), "Id") : "";
    if (id_.empty()) {
        complaint_ = created.message();
        return;
    }
    stream_ = engine_.open(
        post_json("/exec/" + id_ + "/start", {{"Detach", false}, {"Tty", false}}),
        [this](std::string_view bytes) { frames_.feed(bytes); },
        [this](int status, const std::string& complaint) {
            ended_ = true;
            if (status >= 400 || !complaint.empty()) {
                complaint_ = complaint.empty() ? "the engine answers " + std::to_string(status) : complaint;
            }
        });
}

WatchedExec::~WatchedExec() {
    if (id_.empty() || ended_) {
        return;
    }
    engine_.close(stream_);
    try {
        end_exec(engine_, id_);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it ends by itself
    }
}

}  // namespace pilotpros
