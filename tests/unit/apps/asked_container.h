#pragma once

#include "core/apps/asking.h"
#include "tests/unit/fake_engine_memory.h"

namespace pilotpros::testing {

/// A running container "c", and all that its programs are asked through. Its parts point to one another: it stays where
/// it is.
struct AskedContainer {
    MemoryEngine engine;
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    Container container;
    Service service;
    EngineFacts facts;
    apps::Evidence evidence{&service, &container, nullptr, nullptr};
    apps::Asking asking{engine, answers, evidence, facts};

    explicit AskedContainer(const char* name) {
        container.id = "c";
        container.status = "running";
        service.name = name;
    }
    AskedContainer(const AskedContainer&) = delete;
    AskedContainer& operator=(const AskedContainer&) = delete;
    AskedContainer(AskedContainer&&) = delete;
    AskedContainer& operator=(AskedContainer&&) = delete;
    ~AskedContainer() = default;
};

}  // namespace pilotpros::testing
