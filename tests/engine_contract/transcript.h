#pragma once

#include <chrono>
#include <map>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"
#include "core/model/json.h"

namespace pilotpros::testing {

/// Lines of what an engine answered, comparable with those of another engine.
class Transcript {
  public:
    void about(const std::string& scenario) { lines_.push_back("== " + scenario); }
    void say(const std::string& what, const std::string& answer) { lines_.push_back(what + ": " + masked(answer)); }
    void say(const std::string& what, const nlohmann::json& answer) { say(what, answer.dump()); }
    void say(const std::string& what, const char* answer) { say(what, std::string{answer}); }
    void say(const std::string& what, bool answer) { say(what, answer ? "yes" : "no"); }
    /// A refusal has to be told in `message`, and with these words; the rest of it is another one in each version.
    void say(const std::string& what, const Response& response, const std::string& words = {}) {
        const auto body = nlohmann::json::parse(response.body, nullptr, false);
        const std::string message = text(body, "message");
        std::string line = std::to_string(response.status);
        if (response.status >= 400) {
            const bool told = !words.empty() && message.find(words) != std::string::npos;
            line += fmt::format(" \"{}\"", told ? "… " + words + " …" : message);
        }
        say(what, line);
    }
    /// From now on it is called so.
    void call(const std::string& id, const std::string& name) { names_[id] = "<" + name + ">"; }

    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  private:
    [[nodiscard]] std::string masked(std::string answer) const {
        for (const auto& [id, name] : names_) {
            for (auto at = answer.find(id); at != std::string::npos; at = answer.find(id, at + name.size())) {
                answer.replace(at, id.size(), name);
            }
        }
        static const std::regex kId{"[0-9a-f]{64}"};
        return std::regex_replace(answer, kId, "<some ID>");
    }

    std::vector<std::string> lines_;
    std::map<std::string, std::string> names_;
};

}  // namespace pilotpros::testing
