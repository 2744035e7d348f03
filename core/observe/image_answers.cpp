#include "core/observe/image_answers.h"

#include <algorithm>

#include "core/docker/json.h"
#include "core/model/error.h"
#include "core/model/sha256.h"
#include "core/observe/profile_store.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;

}  // namespace

Path FileImageAnswers::file_of(const std::string& image_id) const {
    const std::string hex = image_id.substr(image_id.find(':') + 1);
    const bool plain = hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string::npos;
    // What the engine calls an image must not become a path of its choice.
    return directory_ / ((plain ? hex : sha256_hex(image_id)) + ".json");
}

Json FileImageAnswers::read(const std::string& image_id) const {
    try {
        const auto content = files_.read(file_of(image_id));
        Json parsed = content ? Json::parse(*content, nullptr, false) : Json{};
        if (integer(parsed, "format") == kFormat && member(parsed, "answers").is_object()) {
            return std::move(parsed["answers"]);
        }
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a cache that cannot be read is an empty one
    }
    return Json::object();
}

Json FileImageAnswers::find(const std::string& image_id, const std::string& question) const {
    return image_id.empty() ? Json{} : member(read(image_id), question.c_str());
}

void FileImageAnswers::keep(const std::string& image_id, const std::string& question, const Json& answer) {
    if (image_id.empty()) {
        return;
    }
    Json answers = read(image_id);
    if (answers.size() >= kQuestions) {
        answers = Json::object();
    }
    answers[question] = answer;
    const Json whole{{"format", kFormat}, {"answers", answers}};
    try {
        files_.make_private_directory(directory_);
        make_room(file_of(image_id));
        files_.write_durably(file_of(image_id), whole.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
                             0600);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it will be asked again next time
    }
}

void FileImageAnswers::make_room(const Path& except) {
    const std::vector<std::string> names = files_.list(directory_);
    if (names.size() < kImages) {
        return;
    }
    // Names are hashes, so which half goes is chance; no file need carry the time of its last use.
    for (std::size_t i = 0; i < names.size(); i += 2) {
        if (directory_ / names[i] != except) {
            files_.remove(directory_ / names[i]);
        }
    }
}

Path image_answers_directory(const Path& state_directory, const std::string& engine) {
    return state_directory / safe_file_name(engine) / "images";
}

}  // namespace pilotpros
