#include "core/advised.h"

#include <regex>
#include <sstream>

#include "core/model/json.h"
#include "core/observe/profile_store.h"

namespace pilotpros {

namespace {

/// What of a value may be remembered; empty: nothing.
std::string plain_part(const std::string& text) {
    static const std::regex kNumber("[0-9][0-9.kKmMgGtTbBs]{0,15}");
    static const std::regex kOption("--[a-z][a-z-]*=[0-9]{1,12}");
    if (text.size() <= 16 && std::regex_match(text, kNumber)) {
        return text;
    }
    std::string options;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word.size() <= 64 && std::regex_match(word, kOption)) {
            options += (options.empty() ? "" : " ") + word;
        }
    }
    return options;
}

}  // namespace

Advised::Advised(Files& files, const Path& state_directory, const std::string& engine, const std::string& project)
    : files_(files),
      file_(engine.empty() ? Path{}
                           : state_directory / safe_file_name(engine) / safe_file_name(project) / "advised.json") {}

Written Advised::read() const {
    const auto bytes = file_.empty() ? std::nullopt : files_.read(file_);
    const auto json = nlohmann::json::parse(bytes.value_or(""), nullptr, false);
    try {
        return json.is_object() ? json.get<Written>() : Written{};
    } catch (const nlohmann::json::exception&) {
        return {};
    }
}

void Advised::keep(const Plan& plan) {
    Written all = read();
    const Written before = all;
    for (const Change& change : plan.changes) {
        if (is_wish(change.rule)) {
            all[change.service].erase(change.key);
            continue;
        }
        const std::string text = as_text(change.after);
        if (const std::string plain = plain_part(text); !plain.empty()) {
            all[change.service][change.key] = plain;
        }
    }
    if (!file_.empty() && all != before) {
        files_.make_private_directory(file_.parent_path());
        files_.write_durably(file_, nlohmann::json(all).dump() + "\n", 0600);
    }
}

}  // namespace pilotpros
