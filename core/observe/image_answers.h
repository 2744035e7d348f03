#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/sys/files.h"

namespace pilotpros {

/// Answers that depend on an image alone, kept by image ID and question.
class ImageAnswers {
  public:
    ImageAnswers() = default;
    ImageAnswers(const ImageAnswers&) = delete;
    ImageAnswers& operator=(const ImageAnswers&) = delete;
    ImageAnswers(ImageAnswers&&) = delete;
    ImageAnswers& operator=(ImageAnswers&&) = delete;
    virtual ~ImageAnswers() = default;
    /// The answer, or null when it is not known.
    [[nodiscard]] virtual nlohmann::json find(const std::string& image_id, const std::string& question) const = 0;
    /// `answer` holds nothing of the user's: only what any container of that image would say.
    virtual void keep(const std::string& image_id, const std::string& question, const nlohmann::json& answer) = 0;
};

/// Keeps them in one file an image. Only a cache: an unreadable file is an empty one, and a disk that takes nothing is
/// no error.
class FileImageAnswers final : public ImageAnswers {
  public:
    static constexpr std::size_t kImages = 200;    ///< beyond that, files of other images go
    static constexpr std::size_t kQuestions = 64;  ///< an image; beyond that, its file begins anew

    /// `directory`: see image_answers_directory(); made when first needed, 0700, files 0600.
    FileImageAnswers(Files& files, Path directory) : files_(files), directory_(std::move(directory)) {}

    [[nodiscard]] nlohmann::json find(const std::string& image_id, const std::string& question) const override;
    void keep(const std::string& image_id, const std::string& question, const nlohmann::json& answer) override;

  private:
    [[nodiscard]] Path file_of(const std::string& image_id) const;
    [[nodiscard]] nlohmann::json read(const std::string& image_id) const;
    void make_room(const Path& except);

    Files& files_;
    Path directory_;
};

/// Where the answers of an engine's images are kept: STATE/ENGINE-ID/images.
Path image_answers_directory(const Path& state_directory, const std::string& engine);

}  // namespace pilotpros
