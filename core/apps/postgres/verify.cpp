// What PostgreSQL itself says of the settings.
//
// First each setting alone (`postgres -C NAME -c NAME=VALUE`), then the files as they would lie there with the user's
// own flags (`-C shared_memory_size`, which runs the cross-checks and allocates nothing), then a server that has to
// live with them: under the memory limit, /dev/shm and CPUs that are advised, every page of shared_buffers touched,
// every connection but the two that ask holding a sort of work_mem. A server that is merely "ready" proves nothing of
// its memory. A limit that comes without settings is tried in the same way, with those in force. The user's own file is
// not read: what it sets is known from pg_settings, and a stand-in with its numbers, switches and choices takes its
// place.

#include "core/apps/postgres/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/apps/asking.h"
#include "core/apps/postgres/command_line.h"
#include "core/model/json.h"

namespace pilotpros::apps::postgres {

namespace {

bool is_memory(const std::string& key) {
    static const std::set<std::string> kKeys{"shared_buffers",      "work_mem",        "maintenance_work_mem",
                                             "autovacuum_work_mem", "max_connections", "hash_mem_multiplier"};
    return kKeys.contains(key);
}

bool is_setting(const Change& change) { return change.target.kind == Target::Kind::kPostgres && !change.carrier; }

bool is_limit(const Change& change) {
    return change.target.kind == Target::Kind::kCompose && change.advisor == "limits" && change.key == "memory";
}

/// What a server of its own cannot have, or does not need to.
bool is_of_place(const std::string& name) {
    static const std::set<std::string> kNames{"port", "ssl", "logging_collector", "archive_mode",
                                              "restart_after_crash"};
    return kNames.contains(name);
}

/// What the machine has beside everything that runs; 0 when unknown.
Bytes free_memory(const Verifying& verifying) {
    Bytes used = verifying.facts.others_memory + 256 * kMiB;
    for (const ServiceObservation& service : verifying.input.observation.services) {
        const Usage usage = usage_of(service);
        used += usage.empty() ? 0
                              : static_cast<Bytes>(usage.working_set.histogram().max()) *
                                    std::max<Bytes>(1, static_cast<Bytes>(service.containers.size()));
    }
    return verifying.facts.memory > 0 ? std::max<Bytes>(1, verifying.facts.memory - used) : 0;
}

Bytes shm_size_of(const Verifying& verifying) {
    for (const Change* const change : verifying.changes) {
        if (change->key == "shm_size") {
            return parse_size(as_text(change->after)).value_or(0);
        }
    }
    const Service* const service = verifying.input.service(verifying.service.service);
    if (service != nullptr && service->resolved.is_object() && service->resolved.contains("shm_size")) {
        return parse_size(as_text(service->resolved["shm_size"])).value_or(0);
    }
    return 0;
}

std::string user_of(const Verifying& verifying) {
    const Image* const image = verifying.evidence.image;
    const std::string user = image == nullptr ? std::string{} : image->user;
    return user.empty() || user == "0" || user == "root" ? "postgres" : user;
}

/// Builds the Verdicts of one service.
class Verdicts {
  public:
    Verdicts(const Verifying& verifying, const TrialOutcome& outcome)
        : verifying_(verifying),
          by_(outcome.version.empty() ? "PostgreSQL of this image"
                                      : fmt::format("PostgreSQL {} of this image", outcome.version)) {}

    void say(const std::string& key, Verdict::Outcome outcome, std::string said) {
        list_.push_back({verifying_.service.service, key, outcome, by_, std::move(said), Seconds{0}});
    }
    /// Of each Change that `which` accepts and that nothing was said of yet.
    template <typename Which>
    int say_all(Which which, Verdict::Outcome outcome, const std::string& said) {
        int count = 0;
        for (const Change* const change : verifying_.changes) {
            const bool known =
                std::any_of(list_.begin(), list_.end(), [&](const Verdict& one) { return one.key == change->key; });
            if (!known && which(*change)) {
                say(change->key, outcome, said);
                ++count;
            }
        }
        return count;
    }
    std::vector<Verdict> take() { return std::move(list_); }

  private:
    const Verifying& verifying_;
    std::string by_;
    std::vector<Verdict> list_;
};

constexpr const char* kShmSize = "the server starts with it; the hash tables it is for are computed";

bool is_shm_size(const Change& change) { return change.key == "shm_size"; }

bool is_its_own(const Change& change) {
    return change.target.kind == Target::Kind::kPostgres ||
           (change.advisor == "postgres" && (change.carrier || change.key == "shm_size"));
}

std::vector<Verdict> judge(const Verifying& verifying, const TrialRequest& request, const TrialOutcome& outcome) {
    using Outcome = Verdict::Outcome;
    Verdicts verdicts{verifying, outcome};
    for (const auto& [name, words] : outcome.refused) {
        verdicts.say(name, Outcome::kRefused, words);
    }
    if (!outcome.not_whole.empty()) {
        // The setting that PostgreSQL names, else all: one bad line stops the start.
        const bool refused = !outcome.refused.empty();
        const int named = verdicts.say_all(
            [&](const Change& change) {
                return is_setting(change) && outcome.not_whole.find(change.key) != std::string::npos;
            },
            Outcome::kRefused, outcome.not_whole);
        verdicts.say_all(
            is_its_own, named > 0 || refused ? Outcome::kNotAsked : Outcome::kRefused,
            named > 0 || refused ? "another setting stops the server before this one counts" : outcome.not_whole);
        verdicts.say_all(is_limit, Outcome::kNotAsked, "no server started that could be tried under it");
        return verdicts.take();
    }
    if (!outcome.fell.empty()) {
        const std::string said =
            fmt::format("under {} the server fell: {}", format_bytes(request.memory), outcome.fell);
        const auto memory = [](const Change& change) { return is_setting(change) && is_memory(change.key); };
        const int refused = verdicts.say_all(memory, Outcome::kRefused, said);
        if (refused == 0) {  // the limit alone is what is too small
            verdicts.say_all(is_limit, Outcome::kRefused, said);
        }
        verdicts.say_all(is_limit, Outcome::kNotAsked, "the server fell with other settings, so it was not tried");
        verdicts.say_all(is_shm_size, Outcome::kDerived, kShmSize);
        verdicts.say_all(is_its_own, outcome.loads ? Outcome::kAccepted : Outcome::kNotAsked, "taken");
        return verdicts.take();
    }
    const auto is_include = [&](const Change& change) { return change.carrier && change.key == "include"; };
    if (outcome.loads) {
        verdicts.say_all(is_include, Outcome::kAccepted,
                         "ours load over a stand-in with your file's numbers and switches");
    }
    const auto took = [&](const Change& change) {
        return std::find(outcome.taken.begin(), outcome.taken.end(), change.key) != outcome.taken.end();
    };
    if (!outcome.not_asked.empty()) {
        const std::string said = "not tried under the limit: " + outcome.not_asked;
        verdicts.say_all(
            [&](const Change& change) { return is_setting(change) && took(change) && !is_memory(change.key); },
            outcome.loads ? Outcome::kAccepted : Outcome::kNotAsked, "taken");
        verdicts.say_all([&](const Change& change) { return change.carrier && outcome.loads; }, Outcome::kAccepted,
                         "the files load, and its own cross-checks pass");
        verdicts.say_all(is_its_own, Outcome::kNotAsked, said);
        verdicts.say_all(is_limit, Outcome::kNotAsked, "no server was tried under it: " + outcome.not_asked);
        return verdicts.take();
    }
    const std::string lived = outcome.sorts > 0 ? fmt::format("{} of buffers touched, {} sorts at once, peak {} of {}",
                                                              format_bytes(outcome.buffers), outcome.sorts,
                                                              format_bytes(outcome.peak), format_bytes(request.memory))
                                                : std::string{"taken"};
    // Nothing is built or vacuumed there: what that may take is the budget's, and not the trial's word.
    verdicts.say_all(
        [](const Change& change) {
            return is_setting(change) && is_memory(change.key) && change.key.find("_work_mem") == std::string::npos;
        },
        Outcome::kAccepted, lived);
    verdicts.say_all([](const Change& change) { return change.carrier; }, Outcome::kAccepted,
                     "the files load, and its own cross-checks pass");
    verdicts.say_all(is_shm_size, Outcome::kDerived, kShmSize);
    verdicts.say_all(is_setting, Outcome::kAccepted, "taken, and its own cross-checks pass");
    const bool tried = outcome.survived && outcome.buffers > 0 && outcome.sorts > 0;
    verdicts.say_all(is_limit, tried ? Outcome::kAccepted : Outcome::kNotAsked,
                     tried ? lived : "no server was tried under it");
    return verdicts.take();
}

}  // namespace

MemorySet with_changes(MemorySet set, const Facts& facts, const std::vector<const Change*>& changes) {
    bool autovacuum = set.autovacuum_work_mem.fixed;
    for (const Change* const change : changes) {
        if (change->target.kind != Target::Kind::kPostgres) {
            continue;
        }
        const std::string& key = change->key;
        const Bytes size = size_in(facts, key, as_text(change->after)).value_or(0);
        if (key == "shared_buffers") {
            set.shared_buffers.value = size;
        } else if (key == "work_mem") {
            set.work_mem.value = size;
        } else if (key == "maintenance_work_mem") {
            set.maintenance_work_mem.value = size;
        } else if (key == "autovacuum_work_mem") {
            set.autovacuum_work_mem.value = size;
            autovacuum = true;
        } else if (key == "max_connections") {
            set.connections = static_cast<int>(std::clamp<Bytes>(size, 1, 1 << 18));
        } else if (key == "max_parallel_workers") {
            set.parallel_workers = static_cast<int>(std::clamp<Bytes>(size, 0, 1024));
        } else if (key == "max_parallel_workers_per_gather") {
            set.gather = static_cast<int>(std::clamp<Bytes>(size, 0, 1024));
        }
    }
    if (!autovacuum) {
        set.autovacuum_work_mem.value = set.maintenance_work_mem.value;
    }
    return set;
}

std::string stand_in(const Facts& facts) {
    std::string text = "# stands for the user's own configuration file\n";
    for (const Setting& row : facts.settings) {
        const bool libraries = row.name == "shared_preload_libraries";
        if (row.context == "internal" || is_of_place(row.name) || row.hidden || (row.type == "string" && !libraries)) {
            continue;
        }
        const Present now = present(facts, row.name);
        // initdb's own values stand in the same file, and a database in another image may have got others.
        const bool files = now.whose == Whose::kFile || now.whose == Whose::kAlterSystem ||
                           (now.whose == Whose::kNobody && row.source == "configuration file" &&
                            row.source_file.rfind(kPostgresDirectory, 0) != 0);
        if (files && !now.value.empty()) {
            std::string quoted;
            for (const char letter : now.value) {
                quoted += letter == '\'' || letter == '\\' ? std::string(2, letter) : std::string(1, letter);
            }
            text += fmt::format("{} = '{}'\n", row.name, quoted);
        }
    }
    return text;
}

std::string ours_in_force(const Facts& facts) {
    std::string lines;
    for (const Setting& row : facts.settings) {
        const bool ours =
            row.source == "configuration file" && row.source_file.rfind(fmt::format("{}/", kPostgresDirectory), 0) == 0;
        if (ours && row.context != "internal" && row.type != "string" && !row.hidden && !is_of_place(row.name)) {
            lines += fmt::format("{} = '{}'\n", row.name, row.value);
        }
    }
    return lines;
}

std::vector<Verdict> verify(Verifying& verifying) { return verify_with(verifying, {}); }

std::vector<Verdict> verify_with(Verifying& verifying, const TrialChecks& checks) {
    const std::string folder = "postgres/" + verifying.service.service + "/";
    const BundleFile* const whole = verifying.bundle.file(folder + "postgresql.conf");
    const BundleFile* const ours = verifying.bundle.file(folder + "pilotpros.conf");
    const bool any = std::any_of(verifying.changes.begin(), verifying.changes.end(),
                                 [](const Change* change) { return is_setting(*change); });
    const auto limit = std::find_if(verifying.changes.begin(), verifying.changes.end(),
                                    [](const Change* change) { return is_limit(*change); });
    if (any ? whole == nullptr || ours == nullptr : limit == verifying.changes.end()) {
        return {};  // nothing that PostgreSQL would read, or have to live in
    }
    TrialRequest request;
    request.image = image_id(verifying.evidence);
    request.user = user_of(verifying);
    request.which = checks;
    const auto share = verifying.input.budget.shares.find(verifying.service.service);
    const Situation situation = situation_of(verifying.input, verifying.service, verifying.application_facts,
                                             share == verifying.input.budget.shares.end() ? nullptr : &share->second);
    if (any) {
        request.postgresql_conf = whole->content;
        request.pilotpros_conf = ours->content;
    } else {  // a limit for the settings as they are, those of an earlier Plan among them
        request.own_path = "/pilotpros/postgresql.conf";
        request.pilotpros_conf = ours_in_force(situation.facts);
        request.postgresql_conf =
            fmt::format("include '{}'\ninclude '{}/pilotpros.conf'\n", request.own_path, kPostgresDirectory);
    }
    for (const Change* const change : verifying.changes) {
        if (is_setting(*change)) {
            request.checks.push_back(change->key + "=" + as_text(change->after));
        } else if (any && change->target.kind == Target::Kind::kPostgres) {
            request.own_path = as_text(change->after);
        }
    }
    for (const std::string& flag : command_line(verifying.input, verifying.service, situation.facts).settings) {
        const std::string name = flag.substr(0, flag.find('='));
        const Setting* const row = situation.facts.setting(name);
        const bool text = row == nullptr || (row->type == "string" && name != "shared_preload_libraries");
        if (!text && !is_of_place(name)) {
            request.flags.push_back(flag);
        }
    }
    request.own = stand_in(situation.facts);
    const MemorySet set = with_changes(situation.now, situation.facts, verifying.changes);
    request.connections = set.connections;
    // Without a limit the formula's own worst case is what has to hold.
    request.memory = share != verifying.input.budget.shares.end() && share->second.memory > 0
                         ? share->second.memory
                         : round_up(worst_case(set) * 20 / 19);
    request.cpus = situation.cpus > 0 && situation.cpus < verifying.facts.cpus ? situation.cpus : 0;
    request.shm_size = shm_size_of(verifying);
    TrialOutcome outcome;
    const Bytes free = free_memory(verifying);
    if (request.image.empty() || request.own_path.empty()) {
        outcome.not_asked = "the image is not known";
    } else if (checks.server && free > 0 && std::min(request.memory, worst_case(set)) > free) {
        if (any) {
            request.which.server = false;
            outcome = run_trial(verifying.engine, verifying.image_answers, request);
        }
        outcome.not_asked =
            fmt::format("it may take {}, the machine has {} free", format_bytes(worst_case(set)), format_bytes(free));
    } else {
        outcome = run_trial(verifying.engine, verifying.image_answers, request);
    }
    return judge(verifying, request, outcome);
}

}  // namespace pilotpros::apps::postgres
