#include "core/observe/image_answers.h"

#include <catch2/catch.hpp>

#include "core/model/error.h"

using namespace pilotpros;

namespace {

const std::string kImage = "sha256:" + std::string(64, 'a');

class FullDisk final : public MemoryFiles {
  public:
    [[nodiscard]] std::optional<std::string> read(const Path& /*path*/) const override {
        throw Error(ExitCode::kRefused, "cannot read");
    }
    void write_durably(const Path& /*path*/, const std::string& /*bytes*/, unsigned /*mode*/) override {
        throw Error(ExitCode::kRefused, "no space left");
    }
};

}  // namespace

TEST_CASE("image answers: kept by image and question, private", "[apps]") {
    MemoryFiles files;
    FileImageAnswers answers{files, "/state/engine/images"};
    CHECK(answers.find(kImage, "q").is_null());
    answers.keep(kImage, "q", {{"version", "20"}});
    answers.keep(kImage, "other", 7);
    FileImageAnswers again{files, "/state/engine/images"};
    CHECK(again.find(kImage, "q")["version"] == "20");
    CHECK(again.find(kImage, "other") == 7);
    CHECK(again.find("sha256:" + std::string(64, 'b'), "q").is_null());
    const Path file = "/state/engine/images/" + std::string(64, 'a') + ".json";
    CHECK(files.modes[file] == 0600);
}

TEST_CASE("image answers: a corrupt file is an empty one, and is replaced", "[apps]") {
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    for (const char* content : {"", "{", "[]", R"({"format":99,"answers":{"q":1}})", R"({"format":1,"answers":7})"}) {
        files.contents["/s/" + std::string(64, 'a') + ".json"] = content;
        CHECK(answers.find(kImage, "q").is_null());
    }
    answers.keep(kImage, "q", 1);
    CHECK(answers.find(kImage, "q") == 1);
}

TEST_CASE("image answers: an image's name never becomes a path of its choice", "[apps]") {
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    answers.keep("../../etc/passwd", "q", 1);
    for (const auto& [path, content] : files.contents) {
        CHECK(path.parent_path() == Path{"/s"});
    }
    CHECK(answers.find("../../etc/passwd", "q") == 1);
}

TEST_CASE("image answers: bounded in images and in questions", "[apps]") {
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    for (int i = 0; i < 500; ++i) {
        answers.keep("image " + std::to_string(i), "q", i);
        CHECK(answers.find("image " + std::to_string(i), "q") == i);
    }
    CHECK(files.list("/s").size() <= FileImageAnswers::kImages);
    for (int i = 0; i < 200; ++i) {
        answers.keep(kImage, "q" + std::to_string(i), i);
    }
    CHECK(files.contents["/s/" + std::string(64, 'a') + ".json"].size() < 2000);
}

TEST_CASE("image answers: a disk that takes nothing is no error", "[apps]") {
    FullDisk files;
    FileImageAnswers answers{files, "/s"};
    CHECK_NOTHROW(answers.keep(kImage, "q", 1));
    CHECK(answers.find(kImage, "q").is_null());
}
