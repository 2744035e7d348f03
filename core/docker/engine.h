#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/error.h"

namespace pilotpros {

/// Characters of an ID's short form.
inline constexpr std::size_t kShortId = 12;

/// One request to the Engine API.
struct Request {
    std::string method = "GET";
    std::string path;                                        ///< without the version, e.g. "/containers/json"
    std::vector<std::pair<std::string, std::string>> query;  ///< unescaped
    std::string body;                                        ///< JSON when not empty
    bool versioned = true;                                   ///< false for /_ping
    std::chrono::milliseconds timeout{30'000};               ///< ignored by streams
    bool owed = false;  ///< what it makes has to be known: a request to stop waits for its answer, 2 s at most
};

/// One answer. A status of 400 and more is an answer too: the caller knows what it means.
struct Response {
    int status = 0;
    std::string body;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::chrono::microseconds took{0};           ///< from the request's first byte to the answer's last
    [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
    /// The engine's own words: `message` of the JSON body, else the body's first line.
    [[nodiscard]] std::string message() const;
};

/// The seam to the engine. One thread, one event loop: whatever waits for an answer also moves every open stream on.
class Engine {
  public:
    using StreamId = std::uint64_t;
    /// Bytes as they come; chunk boundaries mean nothing.
    using OnBytes = std::function<void(std::string_view)>;
    /// The stream's end: HTTP status (0: never got that far) and the transport's complaint (empty: a clean end).
    using OnEnd = std::function<void(int status, const std::string& complaint)>;

    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    Engine(Engine&&) = delete;
    Engine& operator=(Engine&&) = delete;
    virtual ~Engine() = default;

    /// Asks all at once (a bounded number at a time) and waits for all answers, which come in the order of the
    /// requests. A request that gets no answer has status 0 and the complaint as body. Throws Interrupted when the user
    /// wants to stop.
    virtual std::vector<Response> call_all(const std::vector<Request>& requests) = 0;
    /// Opens a long answer. Callbacks run inside call_all() and pump(); they must not call back into the engine.
    virtual StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) = 0;
    /// Ends a stream from our side; no callback follows. Unknown ids are ignored.
    virtual void close(StreamId id) = 0;
    /// Moves the streams on for at most this long; returns early when something came in, or on a request to stop (never
    /// throws Interrupted).
    virtual void pump(std::chrono::milliseconds at_most) = 0;

    /// One request. Throws EngineLost when there was no answer at all.
    Response call(const Request& request);
    /// GET, as the body of a 2xx answer. Throws EngineLost without one, Error with the engine's words otherwise.
    std::string get(const std::string& path, std::vector<std::pair<std::string, std::string>> query = {});
};

}  // namespace pilotpros
