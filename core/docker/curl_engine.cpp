#include "core/docker/curl_engine.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <sstream>
#include <system_error>

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

namespace pilotpros {

namespace {

constexpr const char* kNewestApi = "1.47";  // the newest whose answers we have read
constexpr std::size_t kAtOnce = 16;  // requests in flight: the engine answers cheap ones in about a millisecond each
constexpr std::size_t kBodyLimit = 256U << 20U;  // an engine that never ends its answer must not eat our memory

/// -1, 0, 1 for "1.9" against "1.44": numbers, not text.
int compare_versions(const std::string& left, const std::string& right) {
    const auto number = [](const std::string& text, bool minor) {
        const auto dot = text.find('.');
        const std::string part = minor ? (dot == std::string::npos ? "0" : text.substr(dot + 1)) : text.substr(0, dot);
        return std::atoi(part.c_str());  // NOLINT(cert-err34-c): nonsense counts as 0, the oldest
    };
    for (const bool minor : {false, true}) {
        const int l = number(left, minor);
        const int r = number(right, minor);
        if (l != r) {
            return l < r ? -1 : 1;
        }
    }
    return 0;
}

}  // namespace

struct CurlEngine::Transfer {
    StreamId id = 0;
    CURL* easy = nullptr;
    bool stream = false;
    bool done = false;
    bool too_long = false;
    std::string request_body;
    Response response;
    OnBytes on_bytes;
    OnEnd on_end;
    CurlEngine* engine = nullptr;

    static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self) {
        auto& transfer = *static_cast<Transfer*>(self);
        const std::string_view bytes{data, size * count};
        if (transfer.on_bytes) {
            transfer.on_bytes(bytes);
        } else if (transfer.response.body.size() + bytes.size() > kBodyLimit) {
            transfer.too_long = true;
            return 0;
        } else {
            transfer.response.body.append(bytes);
        }
        return bytes.size();
    }

    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
        const std::string_view line{data, size * count};
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) {
            std::string name{line.substr(0, colon)};
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            const auto begin = line.find_first_not_of(" \t", colon + 1);
            const auto end = line.find_last_not_of(" \t\r\n");
            static_cast<Transfer*>(self)->response.headers[name] =
                begin == std::string_view::npos || end < begin ? std::string{}
                                                               : std::string{line.substr(begin, end - begin + 1)};
        }
        return line.size();
    }

    /// libcurl wants a connection: a new dialer is started, and libcurl connects to where it waits. Kept connections
    /// are used again without it.
    static curl_socket_t on_open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
        auto& engine = *static_cast<Transfer*>(self)->engine;
        try {
            std::vector<std::string> argv = engine.docker_;
            argv.insert(argv.end(), {"system", "dial-stdio"});
            const std::string waiting = engine.dialers_.emplace_back(engine.process_.connect(argv)).address();
            sockaddr_un target{};
            target.sun_family = AF_UNIX;
            std::memcpy(&target.sun_path[0], waiting.data(), std::min(waiting.size(), sizeof target.sun_path));
            static_assert(sizeof target <= sizeof(sockaddr_storage), "libcurl keeps room for a sockaddr_storage");
            address->family = AF_UNIX;
            address->socktype = SOCK_STREAM;
            address->protocol = 0;
            address->addrlen = static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + waiting.size());
            std::memcpy(&address->addr, &target, address->addrlen);
            return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        } catch (const Error&) {
            return CURL_SOCKET_BAD;  // no exception may pass through libcurl
        }
    }
};

CurlEngine::CurlEngine(Endpoint endpoint, std::vector<std::string> docker, Process& process, const Cancel& cancel,
                       std::chrono::milliseconds patience)
    : curl_(Curl::load()),
      endpoint_(std::move(endpoint)),
      docker_(std::move(docker)),
      process_(process),
      cancel_(cancel),
      patience_(patience) {
    multi_ = curl_.multi_init();
    // Kept connections serve the next call; beyond that many the engine's memory is not ours to hold.
    curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(kAtOnce));
    headers_ = curl_.slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_.slist_append(headers_, "Expect:");
    for (const auto& [name, value] : endpoint_.headers) {
        headers_ = curl_.slist_append(headers_, fmt::format("{}: {}", name, value).c_str());
    }
    try {
        negotiate();
    } catch (...) {
        for (const auto& transfer : transfers_) {
            release(*transfer);
        }
        curl_.multi_cleanup(multi_);
        curl_.slist_free_all(headers_);
        throw;
    }
}

CurlEngine::~CurlEngine() {
    for (const auto& transfer : transfers_) {
        release(*transfer);
    }
    curl_.multi_cleanup(multi_);
    curl_.slist_free_all(headers_);
}

void CurlEngine::negotiate() {
    Request ping;
    ping.path = "/_ping";
    ping.versioned = false;
    ping.timeout = std::chrono::milliseconds{10'000};
    const Response response = call_all({ping}).front();
    if (response.status == 0) {
        throw cannot_connect(response.body);
    }
    const auto header = response.headers.find("api-version");
    if (!response.ok() || header == response.headers.end()) {
        throw EngineLost(
            fmt::format("what answers at {} is not a Docker Engine (status {})", endpoint_.display(), response.status),
            "docker version shows what docker itself finds there; docker context ls shows the other endpoints");
    }
    if (endpoint_.api_version) {
        api_version_ = *endpoint_.api_version;
    } else {
        api_version_ = compare_versions(header->second, kNewestApi) < 0 ? header->second : kNewestApi;
    }
}

EngineLost CurlEngine::cannot_connect(const std::string& complaint) const {
    if (endpoint_.kind == Endpoint::Kind::kUnix) {
        std::error_code error;
        if (!std::filesystem::exists(endpoint_.address, error)) {
            return EngineLost(
                fmt::format("no engine at {} ({}): there is no such socket", endpoint_.display(), endpoint_.source),
                "start the Docker Engine, or name another endpoint: docker --context NAME pilotpros …");
        }
        if (access(endpoint_.address.c_str(), R_OK | W_OK) != 0 && errno == EACCES) {
            return EngineLost(fmt::format("permission denied on {} ({})", endpoint_.display(), endpoint_.source),
                              "join the group that owns the socket (usually docker), or use sudo");
        }
    }
    const std::string why = endpoint_.kind == Endpoint::Kind::kDialStdio ? said_by_dialer() : std::string{};
    return EngineLost(fmt::format("cannot reach the engine at {} ({}): {}", endpoint_.display(), endpoint_.source,
                                  why.empty() ? complaint : why),
                      "is it running? docker version asks it the same question");
}

std::string CurlEngine::said_by_dialer() const {
    Command command;
    command.argv = docker_;
    command.argv.insert(command.argv.end(), {"system", "dial-stdio"});
    command.timeout = std::chrono::milliseconds{2'000};
    const std::string said = process_.run(command, cancel_).error;
    constexpr std::string_view kOfSsh = "stderr=";  // docker's own words name the user and the whole command
    const auto begin = said.find(kOfSsh);
    if (begin == std::string::npos) {
        return {};
    }
    std::string line;  // the last one: a banner and warnings come before it
    std::istringstream lines(said.substr(begin + kOfSsh.size()));
    for (std::string one; std::getline(lines, one);) {
        line = one.find_first_not_of(" \t\r") == std::string::npos ? line : one;
    }
    for (auto at = line.find('@'); at != std::string::npos; at = line.find('@')) {
        const auto blank = line.rfind(' ', at);
        line.erase(blank == std::string::npos ? 0 : blank + 1, at - (blank == std::string::npos ? 0 : blank + 1) + 1);
    }
    return line.substr(0, line.find_last_not_of(" \r") + 1);
}

std::string CurlEngine::url(const Request& request) const {
    std::string scheme = "http";
    std::string host = "docker";  // the engine takes any name; over a socket nobody looks it up
    if (endpoint_.kind == Endpoint::Kind::kTcp) {
        scheme = endpoint_.tls ? "https" : "http";
        host = endpoint_.address;
    }
    std::string result = fmt::format("{}://{}{}{}{}", scheme, host, endpoint_.base,
                                     request.versioned ? "/v" + api_version_ : "", request.path);
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        char* const escaped = curl_.easy_escape(nullptr, value.data(), static_cast<int>(value.size()));
        result += fmt::format("{}{}={}", std::exchange(separator, '&'), name, escaped);
        curl_.free(escaped);
    }
    return result;
}

void CurlEngine::set_up_transport(Transfer& transfer) {
    CURL* const easy = transfer.easy;
    switch (endpoint_.kind) {
        case Endpoint::Kind::kUnix:
            curl_.easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint_.address.c_str());
            break;
        case Endpoint::Kind::kTcp:
            if (endpoint_.tls) {
                const Tls& tls = *endpoint_.tls;
                curl_.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
                curl_.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
                if (!tls.ca.empty()) {
                    curl_.easy_setopt(easy, CURLOPT_CAINFO, tls.ca.c_str());
                }
                if (!tls.cert.empty()) {
                    curl_.easy_setopt(easy, CURLOPT_SSLCERT, tls.cert.c_str());
                }
                if (!tls.key.empty()) {
                    curl_.easy_setopt(easy, CURLOPT_SSLKEY, tls.key.c_str());
                }
            }
            break;
        case Endpoint::Kind::kDialStdio:
            curl_.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
            curl_.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
            // The name is never resolved: an address that needs no look-up keeps libcurl from trying.
            curl_.easy_setopt(easy, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
            break;
    }
}

CurlEngine::Transfer& CurlEngine::start(const Request& request, OnBytes on_bytes, OnEnd on_end, bool stream) {
    Transfer& transfer = *transfers_.emplace_back(std::make_unique<Transfer>());
    transfer.id = next_id_++;
    transfer.easy = curl_.easy_init();
    transfer.stream = stream;
    transfer.engine = this;
    transfer.on_bytes = std::move(on_bytes);
    transfer.on_end = std::move(on_end);
    transfer.request_body = request.body;
    CURL* const easy = transfer.easy;
    set_up_transport(transfer);
    std::string address = url(request);
    if (endpoint_.kind == Endpoint::Kind::kDialStdio) {
        address.replace(address.find("://docker"), 9, "://127.0.0.1");
    }
    curl_.easy_setopt(easy, CURLOPT_URL, address.c_str());
    curl_.easy_setopt(easy, CURLOPT_PROXY, "");
    curl_.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_.easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10'000L);
    if (!stream) {
        curl_.easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::min(request.timeout, patience_).count()));
    } else {
        curl_.easy_setopt(easy, CURLOPT_BUFFERSIZE, 4096L);  // hundreds of streams may be open; a sample is some 3 KB
    }
    if (request.method == "HEAD") {
        curl_.easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
        curl_.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
        if (request.method == "POST" || !transfer.request_body.empty()) {
            curl_.easy_setopt(easy, CURLOPT_POSTFIELDS, transfer.request_body.c_str());
            curl_.easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(transfer.request_body.size()));
        }
    }
    curl_.easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_write);
    curl_.easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_.easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    curl_.easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_.easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_.multi_add_handle(multi_, easy);
    return transfer;
}

void CurlEngine::release(Transfer& transfer) {
    if (transfer.easy != nullptr) {
        curl_.multi_remove_handle(multi_, transfer.easy);
        curl_.easy_cleanup(std::exchange(transfer.easy, nullptr));
    }
}

void CurlEngine::turn(std::chrono::milliseconds at_most) {
    std::vector<curl_waitfd> extra;
    if (!cancel_.requested()) {  // one that is ready already would end every wait
        for (const int descriptor : cancel_.descriptors()) {
            extra.push_back({descriptor, CURL_WAIT_POLLIN, 0});
        }
    }
    int running = 0;
    curl_.multi_perform(multi_, &running);
    if (take_ended()) {
        return;  // whoever waits for it must not wait for more to come first
    }
    int ready = 0;
    curl_.multi_poll(multi_, extra.data(), static_cast<unsigned>(extra.size()), static_cast<int>(at_most.count()),
                     &ready);
    curl_.multi_perform(multi_, &running);
    take_ended();
}

bool CurlEngine::take_ended() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* const message = curl_.multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        any = true;
        const CURLcode result = message->data.result;
        Transfer* transfer = nullptr;
        curl_.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        long status = 0;
        curl_.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_off_t took = 0;
        curl_.easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &took);
        transfer->response.took = std::chrono::microseconds{took};
        std::string complaint;
        if (transfer->too_long) {
            complaint = fmt::format("the answer is longer than {} MiB", kBodyLimit >> 20U);
        } else if (result != CURLE_OK) {
            complaint = curl_.easy_strerror(result);
        }
        transfer->done = true;
        release(*transfer);
        if (transfer->stream) {
            if (transfer->on_end) {
                transfer->on_end(static_cast<int>(status), complaint);
            }
            transfers_.remove_if([&](const auto& one) { return one.get() == transfer; });
        } else if (complaint.empty()) {
            transfer->response.status = static_cast<int>(status);
        } else {
            transfer->response = {0, complaint, {}, transfer->response.took};
        }
    }
    return any;
}

std::vector<Response> CurlEngine::call_all(const std::vector<Request>& requests) {
    std::vector<Response> responses(requests.size());
    std::vector<std::pair<std::size_t, Transfer*>> in_flight;
    const auto drop = [&](Transfer* transfer) {
        release(*transfer);
        transfers_.remove_if([&](const auto& one) { return one.get() == transfer; });
    };
    using Steady = std::chrono::steady_clock;
    constexpr std::chrono::seconds kOwed{2};
    std::optional<Steady::time_point> stop_at;  // of a request to stop that came meanwhile
    const auto may_stop = [&] {
        const bool owed = std::any_of(in_flight.begin(), in_flight.end(),
                                      [&](const auto& entry) { return requests[entry.first].owed; });
        if (!owed || !cancel_.requested()) {
            return true;
        }
        stop_at = stop_at.value_or(Steady::now() + kOwed);
        return Steady::now() >= *stop_at;
    };
    cancel_.check();  // what was not asked for yet is not owed
    std::size_t next = 0;
    try {
        while (next < requests.size() || !in_flight.empty()) {
            while (next < requests.size() && in_flight.size() < kAtOnce) {
                in_flight.emplace_back(next, &start(requests[next], {}, {}, false));
                ++next;
            }
            if (may_stop()) {
                cancel_.check();
            }
            turn(std::chrono::milliseconds{stop_at ? 50 : 1000});
            std::erase_if(in_flight, [&](const auto& entry) {
                if (!entry.second->done) {
                    return false;
                }
                responses[entry.first] = std::move(entry.second->response);
                drop(entry.second);
                return true;
            });
        }
    } catch (...) {
        for (const auto& [index, transfer] : in_flight) {
            drop(transfer);
        }
        throw;
    }
    return responses;
}

Engine::StreamId CurlEngine::open(const Request& request, OnBytes on_bytes, OnEnd on_end) {
    return start(request, std::move(on_bytes), std::move(on_end), true).id;
}

void CurlEngine::close(StreamId id) {
    transfers_.remove_if([&](const auto& transfer) {
        if (transfer->id != id) {
            return false;
        }
        release(*transfer);
        return true;
    });
}

void CurlEngine::pump(std::chrono::milliseconds at_most) {
    if (!cancel_.requested()) {
        turn(at_most);
    }
}

}  // namespace pilotpros
