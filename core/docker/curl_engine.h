#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "core/docker/curl.h"
#include "core/docker/endpoint.h"
#include "core/docker/engine.h"
#include "core/sys/cancel.h"
#include "core/sys/process.h"

namespace pilotpros {

/// The real engine, over libcurl's multi interface.
class CurlEngine final : public Engine {
  public:
    /// Connects, and negotiates the API version: the lower of the engine's and ours, unless DOCKER_API_VERSION pins it.
    /// `docker` is the command with its global flags that reaches the same engine; only an ssh endpoint runs it. Throws
    /// EngineLost with the reason and the next step. No answer is waited for longer than `patience`, nor than its
    /// request says; streams apart.
    CurlEngine(Endpoint endpoint, std::vector<std::string> docker, Process& process, const Cancel& cancel,
               std::chrono::milliseconds patience = std::chrono::milliseconds::max());
    CurlEngine(const CurlEngine&) = delete;
    CurlEngine& operator=(const CurlEngine&) = delete;
    CurlEngine(CurlEngine&&) = delete;
    CurlEngine& operator=(CurlEngine&&) = delete;
    ~CurlEngine() override;

    std::vector<Response> call_all(const std::vector<Request>& requests) override;
    StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) override;
    void close(StreamId id) override;
    void pump(std::chrono::milliseconds at_most) override;

    [[nodiscard]] const std::string& api_version() const { return api_version_; }
    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  private:
    struct Transfer;

    Transfer& start(const Request& request, OnBytes on_bytes, OnEnd on_end, bool stream);
    void release(Transfer& transfer);
    /// One turn of the loop: waits for at most this long, then hands out what came.
    void turn(std::chrono::milliseconds at_most);
    /// Hands out what ended; false when nothing did.
    bool take_ended();
    void negotiate();
    void set_up_transport(Transfer& transfer);
    [[nodiscard]] std::string url(const Request& request) const;
    [[nodiscard]] EngineLost cannot_connect(const std::string& complaint) const;
    /// What ssh says of its failing, without a user's name; empty: nothing.
    [[nodiscard]] std::string said_by_dialer() const;

    const Curl& curl_;
    Endpoint endpoint_;
    std::vector<std::string> docker_;
    Process& process_;
    const Cancel& cancel_;
    std::chrono::milliseconds patience_;
    std::string api_version_;
    CURLM* multi_ = nullptr;
    curl_slist* headers_ = nullptr;
    StreamId next_id_ = 1;
    std::list<std::unique_ptr<Transfer>> transfers_;
    std::list<ConnectedChild> dialers_;
};

}  // namespace pilotpros
