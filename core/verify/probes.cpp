#include "core/verify/probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>

#include "core/advise/probe_edit.h"
#include "core/advise/probe_words.h"
#include "core/docker/throwaway.h"
#include "core/model/durations.h"
#include "core/model/error.h"
#include "core/model/json.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using Outcome = Verdict::Outcome;

constexpr const char* kTestKey = "healthcheck.test";
constexpr const char* kTrial = "the probe itself";
constexpr const char* kFailsWhenStopped = "; fails on a stopped service";
constexpr const char* kStopped = "a stopped service";
constexpr const char* kWrongPort = "a wrong port";
constexpr int kTriesWhileStarting = 3;

std::vector<std::string> texts_of(const Json& test) {
    std::vector<std::string> words;
    if (test.is_string()) {
        words = {"CMD-SHELL", test.get<std::string>()};
    } else if (test.is_array()) {
        for (const Json& word : test) {
            words.push_back(as_text(word));
        }
    }
    return words;
}

/// Compose writes a dollar twice, in files and in what it prints.
std::string single_dollars(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        result += text[i];
        i += text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$' ? 1 : 0;
    }
    return result;
}

bool is_composes_to_fill_in(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$') {
            if (i + 1 >= text.size() || text[i + 1] != '$') {
                return true;
            }
            ++i;
        }
    }
    return false;
}

/// The test as the container will have it; nothing when only Compose could tell.
std::optional<std::vector<std::string>> resolve_probe(const Change& change, const Json& merged) {
    std::vector<std::string> words = texts_of(change.after);
    if (!change.as_written) {
        return words;
    }
    if (std::any_of(words.begin(), words.end(), is_composes_to_fill_in)) {
        const Json& service = member(member(merged, "services"), change.service.c_str());
        words = texts_of(member(member(service, "healthcheck"), "test"));
        if (words.empty()) {
            return std::nullopt;
        }
    }
    std::transform(words.begin(), words.end(), words.begin(), single_dollars);
    return words;
}

/// The user's own test as the engine would get it; empty without one.
std::vector<std::string> users_test(const Case& input, const ServiceObservation& service) {
    const Service* const of_files = input.service(service.service);
    std::vector<std::string> words;
    if (of_files != nullptr) {
        words = texts_of(member(member(of_files->resolved, "healthcheck"), "test"));
        std::transform(words.begin(), words.end(), words.begin(), single_dollars);
    }
    const auto image = input.observation.images.find(service.image_id);
    if (words.empty() && image != input.observation.images.end() && image->second.healthcheck) {
        for (const Secret& word : image->second.healthcheck->test) {
            words.push_back(word.reveal());
        }
    }
    return words;
}

/// Everything after the host of every address in the words.
std::vector<std::string> paths_in(const std::vector<std::string>& words) {
    static const std::regex kUrl{R"(https?://[^/\s'"]+(/[^\s'",);|&<>]*)?)"};
    std::vector<std::string> paths;
    for (const std::string& word : words) {
        for (std::sregex_iterator at{word.begin(), word.end(), kUrl}, end; at != end; ++at) {
            paths.push_back((*at)[1].str());
        }
    }
    return paths;
}

/// A request may do something: only what the user's own check asks already, or what an application documents.
bool may_be_asked(const std::vector<std::string>& test, const std::vector<std::string>& users) {
    static constexpr std::array<const char*, 1> kDocumented{"/healthz"};  // n8n
    const std::vector<std::string> asked = paths_in(test);
    return std::all_of(asked.begin(), asked.end(), [&](const std::string& path) {
        return std::any_of(users.begin(), users.end(),
                           [&](const std::string& word) {
                               return path.empty() || path == "/" ? word.find("localhost") != std::string::npos ||
                                                                        word.find("127.0.0.1") != std::string::npos ||
                                                                        word.find("://") != std::string::npos
                                                                  : word.find(path) != std::string::npos;
                           }) ||
               std::any_of(kDocumented.begin(), kDocumented.end(), [&](const char* one) { return path == one; });
    });
}

bool is_a_test(const std::vector<std::string>& test) { return test.size() >= 2 && test.front() != "NONE"; }

/// A pin is the user's own word.
bool may_be_tried(const Change& change, const std::vector<std::string>& test, const Case& input,
                  const ServiceObservation& service) {
    return is_pinned(change) || may_be_asked(test, users_test(input, service));
}

/// The argument vector that the engine makes of a test: moby, daemon/health.go.
std::vector<std::string> argv_of(const std::vector<std::string>& test, const std::vector<std::string>& shell) {
    std::vector<std::string> argv;
    if (test.front() == "CMD-SHELL") {
        argv = shell;
    }
    argv.insert(argv.end(), test.begin() + 1, test.end());
    return argv;
}

/// The image's own, which SHELL of a Dockerfile sets.
std::vector<std::string> shell_of(const Case& input, const ServiceObservation& service) {
    const auto image = input.observation.images.find(service.image_id);
    return image == input.observation.images.end() || image->second.shell.empty()
               ? std::vector<std::string>{"/bin/sh", "-c"}
               : image->second.shell;
}

milliseconds timeout_of(const Case& input, const ServiceObservation& service,
                        const std::vector<const Change*>& changes) {
    constexpr Seconds kEngines{30};
    std::string written;
    if (const Service* const of_files = input.service(service.service)) {
        written = text(member(of_files->resolved, "healthcheck"), "timeout");
    }
    for (const Change* const change : changes) {
        if (change->key == "healthcheck.timeout" && change->after.is_string()) {
            written = change->after.get<std::string>();
        }
    }
    const Seconds timeout = parse_duration(written).value_or(kEngines);
    return std::chrono::duration_cast<milliseconds>(timeout.count() > 0 ? timeout : kEngines);
}

/// How one trial ended. What it wrote may hold secrets, so only its status is told.
std::string ended(const ExecResult& result) {
    return !result.started    ? "it could not be started"
           : result.timed_out ? "it took longer than its timeout"
                              : fmt::format("exit {}", result.exit_code);
}

const Container* running_one(const ServiceObservation& service) {
    const auto found = std::find_if(service.containers.begin(), service.containers.end(),
                                    [](const Container& container) { return container.running(); });
    return found == service.containers.end() ? nullptr : &*found;
}

std::string question_of(const char* about, const std::vector<std::string>& argv) {
    return fmt::format("probe on {} 1 {}", about,
                       sha256_hex(Json(argv).dump(-1, ' ', false, Json::error_handler_t::replace)));
}

/// Nobody listens there in any container of the image, so that one answer is enough.
bool known_to_fail(const char* about, ImageAnswers& answers, const std::string& image,
                   const std::vector<std::string>& argv) {
    return flag(answers.find(image, question_of(about, argv)), "fails");
}

/// Whether the test names something below a mount: that is missing where nothing is mounted, and so shows nothing.
bool reads_a_mount(const Container& container, const std::vector<std::string>& argv) {
    return std::any_of(container.mounts.begin(), container.mounts.end(), [&](const Mount& mount) {
        return mount.destination.size() > 1 && std::any_of(argv.begin(), argv.end(), [&](const std::string& word) {
                   return word.find(mount.destination) != std::string::npos;
               });
    });
}

/// What the trials of one test gave, in the words of a Verdict.
class Trial {
  public:
    Trial(Engine& engine, ExecsAhead& ahead, ImageAnswers& answers, const Clock& clock,
          const ServiceObservation& service, std::vector<std::string> shell, milliseconds timeout,
          PassedProbes* passed_before, const ProbeChecks& checks)
        : engine_(engine),
          ahead_(ahead),
          answers_(answers),
          clock_(clock),
          service_(service),
          shell_(std::move(shell)),
          timeout_(timeout),
          passed_before_(passed_before),
          checks_(checks) {}

    Verdict of(const std::vector<std::string>& test) {
        const std::string image = service_.image_id;
        const std::vector<std::string> argv = argv_of(test, shell_);
        if (checks_.stopped && !image.empty() && !fails_when_stopped(image, argv)) {
            return verdict(Outcome::kRefused, "it passes where nothing runs: it could never fail");
        }
        const Container* const container = running_one(service_);
        if (container == nullptr) {
            return verdict(Outcome::kNotAsked, "it does not run, so nothing could pass" + failed_);
        }
        std::string when;
        if (const auto before = passed_before_ == nullptr ? std::nullopt : passed_before_->find(*container, argv)) {
            took_ = before->took;
            when = before->ago < Seconds{60} ? "" : fmt::format(" ({} ago)", format_duration(before->ago));
        } else {
            const ExecResult passed = pass(*container, argv);
            if (checks_.running && !passed.ok()) {
                return verdict(Outcome::kRefused, "it fails in the running service: " + ended(passed));
            }
            if (passed_before_ != nullptr) {
                passed_before_->keep(*container, argv, took_);
            }
        }
        if (const auto wrong = checks_.wrong_port ? with_wrong_port(test) : std::nullopt) {
            const auto failed = fails_on_wrong_port(image, *container, argv_of(*wrong, shell_));
            if (failed && !*failed) {
                return verdict(Outcome::kRefused, "it passes on a port where nobody listens, too: it could never fail");
            }
            if (failed) {
                failed_ += (failed_.empty() ? "; fails" : " and") + std::string{" on a wrong port"};
            }
        }
        if (failed_.empty()) {
            return verdict(Outcome::kNotAsked, fmt::format("passes in {}{}; whether it can fail could not be tried",
                                                           format_duration(took_), when));
        }
        return verdict(Outcome::kAccepted, fmt::format("passes in {}{}{}", format_duration(took_), when, failed_));
    }

  private:
    /// Nothing where the engine did not run it, which shows nothing.
    std::optional<bool> fails_on_wrong_port(const std::string& image, const Container& container,
                                            const std::vector<std::string>& argv) {
        if (known_to_fail(kWrongPort, answers_, image, argv)) {
            return true;
        }
        const ExecResult missed = exec(engine_, {container.id, argv, "", timeout_});
        if (missed.started && !missed.timed_out && !missed.ok()) {
            answers_.keep(image, question_of(kWrongPort, argv), {{"fails", true}});
        }
        return missed.started ? std::optional{!missed.ok()} : std::nullopt;
    }

    /// False only when it passed. A question that the engine refuses shows nothing, nor does one whose command or file
    /// is not in the image: it came by a mount, which a throw-away container does not have.
    bool fails_when_stopped(const std::string& image, const std::vector<std::string>& argv) {
        if (std::any_of(service_.containers.begin(), service_.containers.end(),
                        [&](const Container& container) { return reads_a_mount(container, argv); })) {
            return true;
        }
        if (known_to_fail(kStopped, answers_, image, argv)) {
            failed_ = kFailsWhenStopped;
            return true;
        }
        ThrowawayRequest request;
        request.image = image;
        request.argv = argv;
        request.memory = Bytes{256} << 20U;
        request.timeout = timeout_ + milliseconds{10'000};
        const ThrowawayResult result = ask_in_throwaway(engine_, request);
        if (result.ok()) {
            return false;
        }
        const bool not_found = result.exit_code == 126 || result.exit_code == 127;
        if (result.started && !result.timed_out && !result.oom_killed && !not_found) {
            failed_ = kFailsWhenStopped;
            answers_.keep(image, question_of(kStopped, argv), {{"fails", true}});
        }
        return true;
    }

    ExecResult pass(const Container& container, const std::vector<std::string>& argv) {
        const ExecRequest request{container.id, argv, "", timeout_};
        // One that was run beside all others may have failed for that alone.
        const int tries = (container.health == "starting" ? kTriesWhileStarting : 2) + (ahead_.holds(request) ? 1 : 0);
        ExecResult result;
        for (int i = 0; i < tries && !result.ok(); ++i) {
            const auto until = clock_.steady() + std::chrono::seconds{i == 0 ? 0 : 1};
            for (auto now = clock_.steady(); now < until; now = clock_.steady()) {
                engine_.pump(std::chrono::duration_cast<milliseconds>(until - now) + milliseconds{1});
            }
            result = ahead_.run({request}).front();
            took_ = result.took;
        }
        return result;
    }

    [[nodiscard]] Verdict verdict(Outcome outcome, std::string said) const {
        return {service_.service, kTestKey, outcome, kTrial, std::move(said), took_};
    }

    Engine& engine_;
    ExecsAhead& ahead_;
    ImageAnswers& answers_;
    const Clock& clock_;
    const ServiceObservation& service_;
    std::vector<std::string> shell_;
    milliseconds timeout_;
    PassedProbes* passed_before_;
    ProbeChecks checks_;
    Seconds took_{0};
    std::string failed_;
};

/// The words with a port put behind a client's name, or in place of its own.
bool with_client_port(std::vector<std::string>& test) {
    static constexpr std::array<const char*, 3> kClients{"pg_isready", "redis-cli", "valkey-cli"};
    if (test.front() == "CMD-SHELL") {
        static const std::regex kOwn{
            R"(((?:pg_isready|redis-cli|valkey-cli)\b[^|&;]*?\s(?:-p|--port)[ =]?)("?[$\w{}:-]+"?))"};
        static const std::regex kNone{R"((pg_isready|redis-cli|valkey-cli)\b)"};
        const std::string before = test[1];
        test[1] = std::regex_search(before, kOwn) ? std::regex_replace(before, kOwn, "$011")
                                                  : std::regex_replace(before, kNone, "$1 -p 1");
        return test[1] != before;
    }
    const Probe probe = read_probe(Json(test));
    if (std::find(kClients.begin(), kClients.end(), probe.program) == kClients.end()) {
        return false;
    }
    const auto own = probe.option("p", "port");
    const std::ptrdiff_t before = std::ssize(probe.before);
    if (!own) {
        test.insert(test.begin() + before + 2, {"-p", "1"});
    } else {
        std::string& word = test[static_cast<std::size_t>(before) + own->word + 1];
        word.replace(word.size() - own->value.size(), own->value.size(), "1");
    }
    return true;
}

}  // namespace

std::optional<std::vector<std::string>> with_wrong_port(const std::vector<std::string>& test) {
    if (test.size() < 2 || (test.front() != "CMD" && test.front() != "CMD-SHELL")) {
        return std::nullopt;
    }
    std::vector<std::string> wrong = test;
    static const std::array<std::pair<std::regex, const char*>, 5> kPlaces{{
        {std::regex{R"((https?://(?:\[[^\]]*\]|[^\s/:'"]+))(?::[^\s/'"]+)?)"}, "$1:1"},
        {std::regex{R"((/dev/(?:tcp|udp)/[^/\s]+/)[^\s;]+)"}, "$011"},
        {std::regex{R"((connect\()\d+)"}, "$011"},
        {std::regex{R"((\(['"](?:127\.0\.0\.1|localhost)['"], ?)\d+)"}, "$011"},
        {std::regex{R"(((?:^|\s|/)nc\s[^|&;]*?\s)\d+\b)"}, "$011"},
    }};
    for (std::size_t i = 1; i < wrong.size(); ++i) {
        for (const auto& [place, replacement] : kPlaces) {
            wrong[i] = std::regex_replace(wrong[i], place, replacement);
        }
    }
    const Probe probe = read_probe(Json(test));
    if (probe.form == Probe::Form::kCmd && probe.program == "nc") {
        const auto port = std::find_if(wrong.rbegin(), wrong.rend(), [](const std::string& word) {
            return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
        });
        if (port != wrong.rend()) {
            *port = "1";
        }
    }
    // curl and wget take an address without its scheme.
    if (probe.url && wrong == test) {
        const std::string address = probe.url->scheme + "://" + probe.url->host + ":1" + probe.url->path;
        wrong = texts_of(with_word(probe, probe.url->word, address));
    }
    with_client_port(wrong);
    return wrong == test ? std::nullopt : std::optional{wrong};
}

std::vector<ExecRequest> probes_to_run_ahead(ImageAnswers& answers, const Case& input,
                                             const ServiceObservation& service,
                                             const std::vector<const Change*>& changes, const PassedProbes* passed) {
    std::vector<ExecRequest> requests;
    const Container* const container = running_one(service);
    for (const Change* const change : changes) {
        if (container == nullptr || change->service != service.service || change->key != kTestKey) {
            continue;
        }
        const auto test = resolve_probe(*change, nullptr);
        if (test && is_a_test(*test) && may_be_tried(*change, *test, input, service)) {
            const std::vector<std::string> argv = argv_of(*test, shell_of(input, service));
            const bool known = passed != nullptr && passed->find(*container, argv);
            if (!known && known_to_fail(kStopped, answers, service.image_id, argv)) {
                requests.push_back({container->id, argv, "", timeout_of(input, service, changes)});
            }
        }
    }
    return requests;
}

std::vector<Verdict> verify_probes(Engine& engine, ImageAnswers& answers, const Case& input,
                                   const ServiceObservation& service, const std::vector<const Change*>& changes,
                                   const Json& merged, const Clock& clock, ExecsAhead* run_ahead, PassedProbes* passed,
                                   const ProbeChecks& checks) {
    ExecsAhead none(engine);
    ExecsAhead& ahead = run_ahead != nullptr ? *run_ahead : none;
    std::vector<Verdict> verdicts;
    for (const Change* const change : changes) {
        if (change->service != service.service || !change->key.starts_with("healthcheck.")) {
            continue;
        }
        if (change->key != kTestKey) {
            verdicts.push_back({change->service, change->key, Outcome::kDerived, "the rule",
                                "computed; when it is asked shows itself only once it runs", Seconds{0}});
            continue;
        }
        const auto test = resolve_probe(*change, merged);
        Verdict said{change->service,
                     kTestKey,
                     Outcome::kNotAsked,
                     kTrial,
                     "only Compose can fill in its variables, and it was not asked",
                     Seconds{0}};
        if (test && !test->empty() && test->front() == "NONE") {
            said = {change->service, kTestKey, Outcome::kDerived, "the rule", "no health check, as you pinned it",
                    Seconds{0}};
        } else if (test && is_a_test(*test)) {
            if (checks.address && !may_be_tried(*change, *test, input, service)) {
                said.outcome = Outcome::kRefused;
                said.said = "it asks an address that neither your own check asks nor the application documents";
            } else {
                said = Trial(engine, ahead, answers, clock, service, shell_of(input, service),
                             timeout_of(input, service, changes), passed, checks)
                           .of(*test);
            }
        }
        verdicts.push_back(std::move(said));
    }
    return verdicts;
}

}  // namespace pilotpros
