#pragma once

#include <string>

#include "tests/engine_contract/answers.h"
#include "tests/unit/apply/small_engine.h"

namespace pilotpros::testing {

/// The engine in memory with what the scenarios need, and others at work on it.
class PreparedSmallEngine final : public Others {
  public:
    PreparedSmallEngine() {
        engine.tags = {{kWebImage, "sha256:web"}, {kLeanImage, "sha256:lean"}};
        engine.networks.insert({kFront, kBack});
        engine.broken_when = kEndsAtOnce;
    }

    void tag(const std::string& image, const std::string& name) override {
        engine.tags[name] = std::string{engine.tags.at(image)};
    }
    void untag(const std::string& name) override { engine.tags.erase(name); }
    void kill(const std::string& container) override {
        constexpr int kKilledWith = 137;
        engine.find(container)->state = "exited";
        engine.find(container)->exit_code = kKilledWith;
    }
    void write(const std::string& container, const std::string& path) override { engine.layers[container] = path; }

    SmallEngine engine;
};

}  // namespace pilotpros::testing
