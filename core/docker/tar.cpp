#include "core/docker/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/model/error.h"

namespace pilotpros {

namespace {

constexpr std::size_t kBlock = 512;

void put(std::string& header, std::size_t at, const std::string& text) {
    std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string header_of(const TarFile& file, bool directory) {
    const std::string& path = file.path;
    std::string name = directory ? path + "/" : path;
    std::string prefix;
    if (name.size() > 100) {
        const std::size_t cut = name.find('/', name.size() - 101);
        if (cut == std::string::npos || cut + 1 >= name.size() || cut > 155) {
            throw Error(ExitCode::kInternal, fmt::format("the path {} is too long", path));
        }
        prefix = name.substr(0, cut);
        name.erase(0, cut + 1);
    }
    std::string header(kBlock, '\0');
    put(header, 0, name);
    put(header, 100, fmt::format("{:07o}", file.mode));
    put(header, 108, fmt::format("{:07o}", file.uid));
    put(header, 116, fmt::format("{:07o}", file.gid));
    put(header, 124, fmt::format("{:011o}", file.content.size()));
    put(header, 136, "00000000000");
    put(header, 148, "        ");
    header[156] = directory ? '5' : '0';
    put(header, 257, "ustar");
    put(header, 263, "00");
    put(header, 345, prefix);
    unsigned sum = 0;
    for (const char letter : header) {
        sum += static_cast<unsigned char>(letter);
    }
    put(header, 148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    return header;
}

/// An octal field that ends at its first blank or NUL.
std::optional<unsigned long long> octal(const std::string& archive, std::size_t at, std::size_t length) {
    unsigned long long value = 0;
    const auto* const begin = archive.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + length, value, 8);
    return error == std::errc{} && end != begin ? std::optional{value} : std::nullopt;
}

}  // namespace

std::string tar_of(const std::vector<TarFile>& files, const std::vector<std::string>& kept) {
    std::string archive;
    std::set<std::string> made(kept.begin(), kept.end());
    for (const TarFile& file : files) {
        const std::string path = file.path.substr(std::min(file.path.find_first_not_of('/'), file.path.size()));
        for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            if (const std::string folder = path.substr(0, slash); made.insert(folder).second) {
                archive += header_of({folder, "", 0755}, true);
            }
        }
        archive += header_of({path, file.content, file.mode, file.uid, file.gid}, false);
        archive += file.content;
        archive.append((kBlock - file.content.size() % kBlock) % kBlock, '\0');
    }
    archive.append(2 * kBlock, '\0');
    return archive;
}

std::optional<TarFile> first_file_of(const std::string& archive) {
    for (std::size_t at = 0; at + kBlock <= archive.size();) {
        const auto size = octal(archive, at + 124, 12);
        const auto mode = octal(archive, at + 100, 8);
        const auto uid = octal(archive, at + 108, 8);
        const auto gid = octal(archive, at + 116, 8);
        if (!size || *size > archive.size() - at - kBlock) {
            return std::nullopt;
        }
        const char type = archive[at + 156];
        if (type == '0' || type == '\0') {
            TarFile file;
            file.path = archive.substr(at, std::min<std::size_t>(100, archive.find('\0', at) - at));
            file.content = archive.substr(at + kBlock, *size);
            file.mode = static_cast<unsigned>(mode.value_or(file.mode)) & 07777U;
            file.uid = static_cast<unsigned>(uid.value_or(0));
            file.gid = static_cast<unsigned>(gid.value_or(0));
            return file;
        }
        at += kBlock + (*size + kBlock - 1) / kBlock * kBlock;
    }
    return std::nullopt;
}

}  // namespace pilotpros
