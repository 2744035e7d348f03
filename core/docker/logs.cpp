#include "core/docker/logs.h"

#include <algorithm>
#include <string_view>

#include "core/docker/frames.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

void add_lines(std::string_view text, std::vector<LogLine>& lines) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::size_t blank = line.find(' ');
        if (blank != std::string_view::npos) {
            std::string said{line.substr(blank + 1)};
            if (said.ends_with('\r')) {
                said.pop_back();
            }
            lines.push_back({parse_time(std::string{line.substr(0, blank)}), std::move(said)});
        }
    }
}

std::string whole_seconds(TimePoint time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

std::vector<LogLine> log_lines(const std::string& body, bool terminal) {
    std::vector<LogLine> lines;
    if (terminal) {
        add_lines(body, lines);
        return lines;
    }
    Frames frames;
    frames.feed(body);
    add_lines(frames.output(), lines);
    add_lines(frames.error(), lines);
    std::stable_sort(lines.begin(), lines.end(),
                     [](const LogLine& left, const LogLine& right) { return left.time < right.time; });
    return lines;
}

std::optional<std::vector<LogLine>> read_logs(Engine& engine, const LogsRequest& request) {
    Request logs;
    logs.path = "/containers/" + request.container + "/logs";
    logs.query = {{"stdout", "1"}, {"stderr", "1"}, {"timestamps", "1"}, {"tail", std::to_string(request.tail)}};
    if (request.since) {
        logs.query.emplace_back("since", whole_seconds(*request.since));
    }
    if (request.until) {
        logs.query.emplace_back("until", whole_seconds(*request.until));
    }
    const Response response = engine.call(logs);
    return response.ok() ? std::optional{log_lines(response.body, request.terminal)} : std::nullopt;
}

}  // namespace pilotpros
