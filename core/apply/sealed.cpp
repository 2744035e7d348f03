#include "core/apply/sealed.h"

#include <fmt/format.h>

#include "core/model/error.h"
#include "core/model/json.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

constexpr int kVersion = 1;

std::string hash_of_content(const nlohmann::json& content) {
    return sha256_hex(content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

std::string seal(const nlohmann::json& content) {
    const nlohmann::json sealed{{"version", kVersion}, {"sha256", hash_of_content(content)}, {"content", content}};
    return sealed.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::json unseal(const std::string& text, const Path& file) {
    const nlohmann::json sealed = nlohmann::json::parse(text, nullptr, false);
    if (integer(sealed, "version") > kVersion) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} was written by a later version of docker pilotpros", file.string()),
                    "use that version, or go back by hand: docs/rollback.md");
    }
    const nlohmann::json& content = member(sealed, "content");
    if (content.is_null() || pilotpros::text(sealed, "sha256") != hash_of_content(content)) {
        throw Error(ExitCode::kRefused, fmt::format("{} is damaged: its hash does not fit", file.string()),
                    "restore it from a backup, or go back by hand: docs/rollback.md");
    }
    return content;
}

}  // namespace pilotpros
