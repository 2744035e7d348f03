#include "core/model/sha256.h"

#include <fmt/format.h>
#include <nettle/sha2.h>

#include <array>
#include <cstdint>

namespace pilotpros {

std::string sha256_hex(std::string_view data) {
    sha256_ctx context{};
    sha256_init(&context);
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are bytes
    sha256_update(&context, data.size(), reinterpret_cast<const std::uint8_t*>(data.data()));
    sha256_digest(&context, digest.size(), digest.data());
    std::string hex;
    for (const std::uint8_t byte : digest) {
        hex += fmt::format("{:02x}", byte);
    }
    return hex;
}

}  // namespace pilotpros
