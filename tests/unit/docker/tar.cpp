#include "core/docker/tar.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace pilotpros;

TEST_CASE("tar: whole blocks, directories first and once, the same bytes each time", "[throwaway]") {
    const std::vector<TarFile> files{{"/a/b/one", std::string(513, 'x')}, {"a/b/two", ""}};
    const std::string archive = tar_of(files);
    CHECK(archive == tar_of(files));
    // a/, a/b/, one with two blocks, two, and two blocks of zeros
    REQUIRE(archive.size() == std::size_t{512} * (2 + 3 + 1 + 2));
    CHECK(archive.substr(0, 3) == std::string("a/\0", 3));
    CHECK(archive[156] == '5');
    CHECK(archive.substr(512, 4) == "a/b/");
    CHECK(archive.substr(std::size_t{2} * 512, 7) == "a/b/one");
    CHECK(archive.substr(2 * 512 + 124, 11) == "00000001001");
    CHECK(archive.substr(std::size_t{5} * 512, 7) == "a/b/two");
    unsigned sum = 8 * ' ';
    for (std::size_t i = 0; i < 512; ++i) {
        sum += i >= 148 && i < 156 ? 0 : static_cast<unsigned char>(archive[i]);
    }
    CHECK(std::stoul(archive.substr(148, 6), nullptr, 8) == sum);
    CHECK_THROWS(tar_of({{std::string(300, 'a'), ""}}));
    SECTION("a long path is split") {
        CHECK_NOTHROW(tar_of({{std::string(90, 'a') + "/" + std::string(90, 'b'), ""}}));
    }
}

TEST_CASE("tar: a file read back is the one that was written", "[throwaway]") {
    const TarFile secret{"/run/secrets/key", std::string(700, 'k'), 0440, 1000, 7};
    const std::string archive = tar_of({secret, {"/second", ""}});
    const auto read = first_file_of(archive);
    REQUIRE(read);
    CHECK(read->path == "run/secrets/key");
    CHECK(read->content == secret.content);
    CHECK(read->mode == 0440);
    CHECK(read->uid == 1000);
    CHECK(read->gid == 7);
    SECTION("directories whose mode must stay get no entry") {
        CHECK(tar_of({secret}, {"run", "run/secrets"}).substr(0, 15) == "run/secrets/key");
    }
    SECTION("half an archive, none and nonsense are no file") {
        const std::string alone = tar_of({secret}, {"run", "run/secrets"});
        CHECK_FALSE(first_file_of(alone.substr(0, 600)));
        CHECK_FALSE(first_file_of(""));
        CHECK_FALSE(first_file_of(std::string(2048, '\0')));
        CHECK_FALSE(first_file_of(std::string(2048, 'x')));
        CHECK_FALSE(first_file_of(tar_of({})));
    }
}
