#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/sys/cancel.h"
#include "core/sys/clock.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Has the engine compare containers with their images while everything else goes on: it looks at every file of the
/// image, which takes it seconds where there are a hundred thousand.
class WritableLayers {
  public:
    /// Begins. `kept`: a file that remembers answers, by container, its start and the size of its layer. `anew`: what
    /// it remembers does not count, since an equal size proves no equal content: so before a container is replaced.
    WritableLayers(Engine& engine, Files& files, Path kept, bool anew, const Observation& observation);
    WritableLayers(const WritableLayers&) = delete;
    WritableLayers& operator=(const WritableLayers&) = delete;
    WritableLayers(WritableLayers&&) = delete;
    WritableLayers& operator=(WritableLayers&&) = delete;
    ~WritableLayers();

    /// Waits for what is missing still, at most so long, and fills it in; a gap where the engine did not say. Throws
    /// Interrupted.
    void finish(const Clock& clock, const Cancel& cancel, std::chrono::seconds longest, Observation& into);

  private:
    struct Asked {
        std::string service, id, key;  ///< the key tells whether a remembered answer is still one
        std::vector<Mount> mounts;
        std::vector<std::string> given;
        Engine::StreamId stream = 0;
        std::string body;
        int status = 0;
        bool ended = false;
        bool too_long = false;  ///< an answer without end is none
    };

    void take_remembered();
    void remember() const;

    Engine& engine_;
    Files& files_;
    Path kept_;
    std::vector<Asked> asked_;
    std::map<std::string, WritableLayer> known_;  ///< by container ID
    std::map<std::string, std::string> keys_;     ///< likewise
};

}  // namespace pilotpros
