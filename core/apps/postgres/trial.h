#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/apps/application.h"
#include "core/model/bundle.h"

namespace pilotpros::apps::postgres {

/// Which checks run. All of them, but for tests that show what each one is there for.
struct TrialChecks {
    bool names = true;    ///< each setting on its own: known, and within its range
    bool whole = true;    ///< the files as they would lie there, with the user's own flags: cross-checks
    bool server = true;   ///< a real server under the limit; the following need it
    bool buffers = true;  ///< every page of shared_buffers is touched
    bool sorts = true;    ///< all connections but two, with which it asks, sort in work_mem at the same time
};

/// All that decides over the outcome of a trial; its JSON is what a kept answer is found by.
struct TrialRequest {
    std::string image, user;
    std::string own_path;             ///< the configuration file that ours includes
    std::string own;                  ///< what stands for it: the public values of the user's that are in force
    std::vector<std::string> flags;   ///< name=value of the user's own command line
    std::vector<std::string> checks;  ///< name=value of each setting that is to be written
    std::string postgresql_conf, pilotpros_conf;
    Bytes memory = 0, shm_size = 0;
    double cpus = 0;
    int connections = 100;
    TrialChecks which;
};

/// What came of it.
struct TrialOutcome {
    std::string version;  ///< "17.2"; empty when the image did not get that far
    std::vector<std::string> taken;
    std::vector<std::pair<std::string, std::string>> refused;  ///< setting, PostgreSQL's words
    bool loads = false;                                        ///< the whole set passed PostgreSQL's own cross-checks
    std::string not_whole;                                     ///< PostgreSQL's words where it did not
    bool survived = false;                                     ///< buffers touched and sorts done, nobody killed
    std::string fell;             ///< what it died of under the limit; empty when it did not
    std::string not_asked;        ///< why the trial, or the rest of it, did not run
    bool unable = false;          ///< that may be another matter the next time, so it is not kept
    Bytes buffers = 0, peak = 0;  ///< touched; most memory that could not be reclaimed
    int sorts = 0;                ///< at the same time
};

/// Runs the trial in a throw-away container, at most a minute. Lets Interrupted and EngineLost through.
TrialOutcome run_trial(Engine& engine, ImageAnswers& answers, const TrialRequest& request);

/// Reads what the script wrote. Pure.
TrialOutcome read_trial(const std::string& output);

}  // namespace pilotpros::apps::postgres
