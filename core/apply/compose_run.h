#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/model/project.h"
#include "core/world.h"

namespace pilotpros {

/// `docker compose` with the selectors that give one project, run in its folder.
class ComposeRun {
  public:
    /// `arguments` from the word "compose" on, `variables` beside our own environment.
    ComposeRun(World& world, std::vector<std::string> arguments, Path folder,
               std::map<std::string, std::string> variables = {});

    /// With one more file, merged last; "-" takes it from standard input.
    [[nodiscard]] ComposeRun with(const Path& file) const;

    /// A question: bounded as every reading of files is.
    [[nodiscard]] Command question(std::vector<std::string> words, std::string input = {}) const;
    /// `up` of one service, never of what depends on it; nothing is built or pulled. `alone`: nor of what it depends
    /// on, see dependencies_stand(). `scale` keeps a number of containers that is not the files'; 0: as the files say.
    [[nodiscard]] Command up(const std::string& service, bool alone, int scale,
                             std::chrono::milliseconds timeout) const;

    /// The same, but what runs stays: up to `scale` containers are added beside it.
    [[nodiscard]] Command up_beside(const std::string& service, bool alone, int scale,
                                    std::chrono::milliseconds timeout) const;

    /// The same as up(), also where Compose sees no reason to.
    [[nodiscard]] Command up_anew(const std::string& service, bool alone, int scale,
                                  std::chrono::milliseconds timeout) const;

    std::vector<Finished> run(const std::vector<Command>& commands) const;

    /// What `up` puts into the label of a container, by service. `model` is what `config --format json` printed:
    /// `config --hash` reads no env_file and no variable that is passed through, and `up` hashes with both (tried with
    /// 2.26), so it is asked about the model in which they are resolved, and once about each.
    [[nodiscard]] std::map<std::string, std::string> hashes(const std::string& model) const;
    /// The same, and how Compose ended where it was asked.
    [[nodiscard]] std::map<std::string, std::string> hashes(const std::string& model, Finished& how) const;
    /// The same of a container that was made with --no-deps: Compose before 2.29.3 leaves depends_on out then (tried
    /// with 2.26, also where it is inferred from links; not of network_mode "service:…"), so that the next `up`
    /// recreates it once, and it is what the files say all the same.
    [[nodiscard]] std::map<std::string, std::string> hashes_alone(const std::string& model) const;

  private:
    [[nodiscard]] std::map<std::string, std::string> asked_for_hashes(std::vector<std::string> words,
                                                                      const std::string& model, Finished& how) const;
    [[nodiscard]] Command command(std::vector<std::string> words) const;

    World& world_;
    std::vector<std::string> arguments_;
    Path folder_;
    std::map<std::string, std::string> variables_;
};

/// Whether a container with this label was made from what `hash` is of; `alone`: from ComposeRun::hashes_alone(), may
/// be empty.
bool is_made_from(const std::string& label, const std::string& hash, const std::string& alone);

/// The selectors of Project::compose_command, from the word "compose" on.
std::vector<std::string> compose_arguments(const Project& project, const World& world);
/// COMPOSE_* of our environment: they decide what Compose does, too.
std::map<std::string, std::string> compose_variables_of(const Environment& environment);
/// The hash that `config --hash SERVICE` printed; empty when it failed.
std::string printed_hash(const Finished& finished);

}  // namespace pilotpros
