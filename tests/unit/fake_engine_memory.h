#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/docker/engine.h"

namespace pilotpros::testing {

/// An engine in memory: answers by method and path ("POST /containers/x/exec"). Several answers to one path are given
/// in turn, the last one for ever. What has no answer is 404, as the engine says it. Every request is kept.
class MemoryEngine final : public Engine {
  public:
    void answer(const std::string& method_and_path, int status, std::string body,
                std::map<std::string, std::string> headers = {}) {
        answers_[method_and_path].push_back({status, std::move(body), std::move(headers)});
    }
    std::vector<Response> call_all(const std::vector<Request>& requests) override {
        std::vector<Response> responses;
        for (const Request& request : requests) {
            asked.push_back(request);
            if (interrupt_at == request.method + " " + request.path) {
                throw Interrupted();
            }
            responses.push_back(next(request.method + " " + request.path));
        }
        return responses;
    }
    /// A stream gives its answer at the next pump(); the header "cut" stands for a transport that ends half way.
    StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) override {
        asked.push_back(request);
        streams_.push_back({next(request.method + " " + request.path), std::move(on_bytes), std::move(on_end)});
        return streams_.size();
    }
    void close(StreamId /*id*/) override {}
    void pump(std::chrono::milliseconds /*at_most*/) override {
        for (const Stream& stream : std::exchange(streams_, {})) {
            stream.on_bytes(stream.response.body);
            stream.on_end(stream.response.status, stream.response.headers.contains("cut") ? "reset" : "");
        }
    }

    [[nodiscard]] bool was_asked(const std::string& method_and_path) const {
        for (const Request& request : asked) {
            if (request.method + " " + request.path == method_and_path) {
                return true;
            }
        }
        return false;
    }

    std::vector<Request> asked;
    std::string interrupt_at;  ///< the user stops us at this request

  private:
    struct Stream {
        Response response;
        OnBytes on_bytes;
        OnEnd on_end;
    };

    Response next(const std::string& key) {
        const auto found = answers_.find(key);
        if (found == answers_.end()) {
            return {404, R"({"message":"No such container: x"})", {}};
        }
        Response response = found->second.front();
        if (found->second.size() > 1) {
            found->second.pop_front();
        }
        return response;
    }

    std::map<std::string, std::deque<Response>> answers_;
    std::vector<Stream> streams_;
};

/// One frame of a multiplexed stream: stream 1 is standard output, 2 standard error.
inline std::string frame(int stream, const std::string& payload) {
    std::string result(8, '\0');
    result[0] = static_cast<char>(stream);
    for (unsigned i = 0; i < 4; ++i) {
        result[4 + i] = static_cast<char>((payload.size() >> (8 * (3 - i))) & 0xffU);
    }
    return result + payload;
}

/// The answers that the engine gives to one exec which ends with this output and status.
inline void answer_exec(MemoryEngine& engine, const std::string& container, const std::string& output, int exit_code,
                        const std::string& error = {}) {
    engine.answer("POST /containers/" + container + "/exec", 201, R"({"Id":"e1"})");
    engine.answer("POST /exec/e1/start", 200,
                  (output.empty() ? "" : frame(1, output)) + (error.empty() ? "" : frame(2, error)));
    engine.answer("GET /exec/e1/json", 200,
                  R"({"Running":false,"Pid":4242,"ContainerID":"x","ExitCode":)" + std::to_string(exit_code) + "}");
}

}  // namespace pilotpros::testing
