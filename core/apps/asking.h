#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/apps/application.h"
#include "core/apps/programs.h"
#include "core/docker/exec.h"
#include "core/docker/throwaway.h"

namespace pilotpros::apps {

// What every `ask` needs.

/// What there is to recognise and ask a service's applications by. Points into all three.
Evidence evidence_of(const ServiceObservation& service, const Project& project, const Observation& observation);

/// The service's name, for gaps.
std::string subject_of(const Evidence& evidence);
Gap gap(const Asking& asking, std::string what, std::string why);

/// Whether there is a running container to ask; else why not, in words.
std::optional<std::string> why_not_running(const Evidence& evidence);

/// A program may take so long on a busy machine.
inline constexpr std::chrono::seconds kQuestionTimeout{15};

/// Runs programs in the service's container, all at once; one that was run ahead is not run again.
std::vector<ExecResult> run_all(Asking& asking, const std::vector<InsideProgram>& programs,
                                std::chrono::milliseconds timeout = kQuestionTimeout);
/// The same with one.
ExecResult run(Asking& asking, std::vector<std::string> argv, std::chrono::milliseconds timeout = kQuestionTimeout,
               std::string user = {});

/// Why an exec or a throw-away gave no answer, without a word of the program's own output: that may quote a secret.
std::string why_failed(const ExecResult& result);
std::string why_failed(const ThrowawayResult& result);

/// An error text made fit for print: its first line up to 160 characters, everything in quotes left out.
std::string without_quoted(const std::string& text);

/// A variable as the container has it, or as the files and the image give it; nothing when it is not set. A Secret: to
/// compare, or to see that it is set.
std::optional<Secret> variable(const Evidence& evidence, const std::string& name);

/// The only way from an environment value to a fact: the variable's text, provided that the application `kind` itself
/// lists the name in its `public_environment`; nothing otherwise.
std::optional<std::string> public_variable(const Evidence& evidence, const std::string& kind, const std::string& name);

/// Whether the image sets this variable to this very value.
bool is_of_image(const Evidence& evidence, const std::string& name, const std::string& value);

/// The container's memory limit in bytes, or the one that the files name; 0 without one.
Bytes memory_limit(const Evidence& evidence);

/// The image to ask: the container's, else the one that was found; empty when unknown.
std::string image_id(const Evidence& evidence);

/// On what a path of the container lies: "volume", "anonymous volume", "bind", "tmpfs", or "container layer" when no
/// mount holds it.
std::string lies_on(const Container& container, const std::string& path);

/// Every process of the container, read; main one first.
std::vector<std::pair<const ContainerProcess*, Program>> programs(const Evidence& evidence);

/// Asks a throw-away container of the image for JSON on its last line of output, once an image and question. Null when
/// it did not answer, with the reason in `why`.
nlohmann::json ask_image(Asking& asking, const std::string& question, const ThrowawayRequest& request,
                         std::string& why);

/// What the applications' modules begin with, if there is a running container to ask.
std::vector<ExecRequest> first_questions(const Evidence& evidence, const std::vector<Application>& applications);

/// Asks each application, most confident first, and fills in its facts. Whatever goes wrong inside one is a gap.
std::vector<Gap> ask_all(Asking& asking, std::vector<Application>& applications);

/// The module of that kind, or null.
const ApplicationModule* module_of(const std::string& kind);

/// A complaint about `x-pilotpros: {application: …}` that names no application we know.
std::optional<Gap> check_correction(const Service& service);

}  // namespace pilotpros::apps
