#include "core/docker/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/model/error.h"

namespace pilotpros {

namespace {

constexpr std::size_t kBlock = 512;

void put(std::string& header, std::size_t at, const std::string& text) {
    std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string header_of(const std::string& path, bool directory, std::size_t size) {
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
    put(header, 100, directory ? "0000755" : "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, fmt::format("{:011o}", size));
    put(header, 136, "00000000000");
    put(header, 148, "        ");
    header[156] = directory ? '5' : '0';
    put(header, 257, "ustar");
    put(header, 263, "00");
    put(header, 265, "root");
    put(header, 297, "root");
    put(header, 345, prefix);
    unsigned sum = 0;
    for (const char letter : header) {
        sum += static_cast<unsigned char>(letter);
    }
    put(header, 148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    return header;
}

}  // namespace

std::string tar_of(const std::vector<TarFile>& files, const std::vector<std::string>& kept) {
    std::string archive;
    std::set<std::string> made(kept.begin(), kept.end());
    for (const TarFile& file : files) {
        const std::string path = file.path.substr(std::min(file.path.find_first_not_of('/'), file.path.size()));
        for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            if (const std::string folder = path.substr(0, slash); made.insert(folder).second) {
                archive += header_of(folder, true, 0);
            }
        }
        archive += header_of(path, false, file.content.size());
        archive += file.content;
        archive.append((kBlock - file.content.size() % kBlock) % kBlock, '\0');
    }
    archive.append(2 * kBlock, '\0');
    return archive;
}

}  // namespace pilotpros
