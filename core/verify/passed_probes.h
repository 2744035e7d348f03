#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/observation.h"
#include "core/observe/image_answers.h"

namespace pilotpros {

/// Which tests passed in a running container, kept for one run of it: its next start is asked anew, and so is the same
/// one after an hour, or once the engine calls it unhealthy.
class PassedProbes {
  public:
    static constexpr Seconds kFor{3600};

    struct Passed {
        Seconds took{0}, ago{0};
    };

    /// `directory`: private, of one project.
    PassedProbes(Files& files, Path directory, TimePoint now) : kept_(files, std::move(directory)), now_(now) {}

    [[nodiscard]] std::optional<Passed> find(const Container& container, const std::vector<std::string>& argv) const;
    void keep(const Container& container, const std::vector<std::string>& argv, Seconds took);

  private:
    FileImageAnswers kept_;  // a file a container
    TimePoint now_;
};

}  // namespace pilotpros
