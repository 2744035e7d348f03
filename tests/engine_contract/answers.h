#pragma once

#include <string>
#include <vector>

#include "core/docker/engine.h"

namespace pilotpros::testing {

// What has to be there: two images of Debian, the first with a volume at /data, and two networks. No container.
inline constexpr const char* kContractProject = "pp-engine-contract";
inline constexpr const char* kWebImage = "pp-engine-contract:web";
inline constexpr const char* kLeanImage = "pp-engine-contract:lean";
inline constexpr const char* kFront = "pp-engine-contract-front";
inline constexpr const char* kBack = "pp-engine-contract-back";
inline constexpr const char* kEndsAtOnce = "exit 1";  ///< the command of a container that does

/// What others do to the engine meanwhile: a person, a program.
class Others {
  public:
    Others() = default;
    Others(const Others&) = delete;
    Others& operator=(const Others&) = delete;
    Others(Others&&) = delete;
    Others& operator=(Others&&) = delete;
    virtual ~Others() = default;

    /// From now on the name means this image.
    virtual void tag(const std::string& image, const std::string& name) = 0;
    virtual void untag(const std::string& name) = 0;
    virtual void kill(const std::string& container) = 0;
    /// A program in it writes a file.
    virtual void write(const std::string& container, const std::string& path) = 0;
};

/// What an engine answers to all that an apply and a rollback ask of it, a line each, through the functions that they
/// use. IDs, times and addresses are not in there: the lines of two engines that keep the contract are the same.
std::vector<std::string> answers_of_containers(Engine& engine, Others& others);
std::vector<std::string> answers_of_an_apply(Engine& engine, Others& others);

inline std::vector<std::string> contract_answers(Engine& engine, Others& others) {
    std::vector<std::string> lines = answers_of_containers(engine, others);
    const std::vector<std::string> more = answers_of_an_apply(engine, others);
    lines.insert(lines.end(), more.begin(), more.end());
    return lines;
}

}  // namespace pilotpros::testing
