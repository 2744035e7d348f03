#include "core/verify/compose_merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "core/bundle/compose_override.h"
#include "core/compose/complaint.h"
#include "core/compose/invoke.h"
#include "core/model/durations.h"
#include "core/model/json.h"
#include "core/sys/scratch_directory.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using Paths = std::vector<std::vector<std::string>>;

constexpr const char* kAsked = "docker compose config";

const Json& value_at(const Json& root, const std::vector<std::string>& path) {
    const Json* at = &root;
    for (const std::string& step : path) {
        at = &member(*at, step.c_str());
    }
    return *at;
}

std::string doubled(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        result += letter == '$' ? "$$" : std::string(1, letter);
    }
    return result;
}

/// Whether what Compose prints is what was written: sizes come back as bytes, durations in Go's spelling.
bool same_scalar(const Json& printed, const Json& written) {
    const std::string ours = as_text(written);
    const std::string theirs = as_text(printed);
    if (theirs == ours || theirs == doubled(ours)) {
        return true;
    }
    if (const auto duration = parse_duration(ours); duration && duration == parse_duration(theirs)) {
        return true;
    }
    const auto size = parse_size(ours);
    if (size && size == parse_size(theirs)) {
        return true;
    }
    return printed.is_number() && written.is_number() && printed.get<double>() == written.get<double>();
}

/// Whether Compose prints the mount that is written in short syntax: a relative source comes back as an absolute path.
bool same_mount(const Json& printed, const std::string& written) {
    std::vector<std::string> parts;
    std::istringstream stream{written};
    for (std::string part; std::getline(stream, part, ':');) {
        parts.push_back(part);
    }
    if (parts.size() < 2) {
        return text(printed, "target") == written;
    }
    const std::string source = text(printed, "source");
    const bool relative = parts[0].starts_with("./");
    const bool same_source = relative ? source.ends_with(parts[0].substr(1)) : source == parts[0];
    const bool read_only = parts.size() > 2 && parts[2] == "ro";
    return same_source && text(printed, "target") == parts[1] && flag(printed, "read_only") == read_only;
}

bool same_list(const Json& printed, const Change& change) {
    if (!printed.is_array()) {
        return false;
    }
    const bool added = change.target.path == std::vector<std::string>{"volumes"};
    if (!added && printed.size() != change.after.size()) {
        return false;
    }
    std::size_t index = 0;
    return std::all_of(change.after.begin(), change.after.end(), [&](const Json& one) {
        if (!added) {
            return change.as_written || same_scalar(printed[index++], one);
        }
        return std::any_of(printed.begin(), printed.end(),
                           [&](const Json& mount) { return same_mount(mount, as_text(one)); });
    });
}

bool arrives(const Json& services, const Change& change) {
    const Json& printed = value_at(member(services, change.service.c_str()), change.target.path);
    if (printed.is_null()) {
        return false;
    }
    if (change.after.is_array()) {
        return same_list(printed, change);
    }
    // What the user's ${…} becomes is not ours to know; that it is still there is.
    return change.as_written || same_scalar(printed, change.after);
}

/// Paths below which a service's values differ.
void collect_differences(const Json& before, const Json& after, std::vector<std::string>& path, Paths& found) {
    if (before == after) {
        return;
    }
    if (before.is_object() && after.is_object()) {
        std::set<std::string> names;
        for (const Json* one : {&before, &after}) {
            for (const auto& [name, ignored] : one->items()) {
                names.insert(name);
            }
        }
        for (const std::string& name : names) {
            path.push_back(name);
            collect_differences(member(before, name.c_str()), member(after, name.c_str()), path, found);
            path.pop_back();
        }
        return;
    }
    found.push_back(path);
}

bool begins_with(const std::vector<std::string>& path, const std::vector<std::string>& beginning) {
    return path.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), path.begin());
}

/// Values that the merge moved although no Change of the service's names them.
std::vector<std::string> strays(const Plan& plan, const std::string& service, const Json& before, const Json& after) {
    Paths moved;
    std::vector<std::string> path;
    collect_differences(before, after, path, moved);
    std::vector<std::string> result;
    for (const std::vector<std::string>& one : moved) {
        const bool meant = std::any_of(plan.changes.begin(), plan.changes.end(), [&](const Change& change) {
            // Compose prints a new section whole: the difference may lie above the value.
            return change.service == service && change.target.kind == Target::Kind::kCompose &&
                   (begins_with(one, change.target.path) || begins_with(change.target.path, one));
        });
        if (!meant) {
            result.push_back(fmt::format("{}", fmt::join(one, ".")));
        }
    }
    return result;
}

std::vector<std::string> new_warnings(const std::vector<std::string>& before, const std::vector<std::string>& now) {
    std::vector<std::string> result;
    for (const std::string& warning : now) {
        if (std::find(before.begin(), before.end(), warning) == before.end()) {
            result.push_back(warning);
        }
    }
    return result;
}

bool is_compose(const Change& change) { return change.target.kind == Target::Kind::kCompose; }

bool is_read_by_a_program(const Change& change) {
    const auto& path = change.target.path;
    return change.carrier || !is_compose(change) || change.key == "healthcheck.test" ||
           (!path.empty() && (path.front() == "environment" || path.front() == "command"));
}

bool is_refusal(const Verdict& verdict) { return verdict.outcome == Verdict::Outcome::kRefused; }

/// A refusal of all that was asked about, and not of one service or one value of it.
bool refuses_all(const std::vector<Verdict>& verdicts) {
    const Verdict& first = verdicts.front();
    return is_refusal(first) && first.service.empty() && first.key.empty();
}

/// What stands or falls together.
std::string group_of(const Change& change) {
    return change.joint.empty() ? "key " + change.key : "all " + change.joint;
}

template <typename Which>
Plan part_of(const Plan& plan, Which which) {
    Plan part;
    part.budget = plan.budget;
    std::copy_if(plan.changes.begin(), plan.changes.end(), std::back_inserter(part.changes), which);
    return part;
}

}  // namespace

/// Compose at work on the user's files with one override on top.
class Merging {
  public:
    Merging(const Project& project, const std::string& override_text, const Path& scratch, Files& files,
            const Surroundings& surroundings)
        : project_(project), override_(override_text), scratch_(files, scratch), surroundings_(surroundings) {
        files.write_durably(file(), override_text, 0600);
        const auto selectors =
            project.compose_command.begin() + static_cast<std::ptrdiff_t>(surroundings.docker.size()) + 1;
        std::vector<std::string> arguments{selectors, project.compose_command.end()};
        arguments.insert(arguments.end(), {"-f", file().string(), "config", "--format", "json"});
        Command command = compose_command_line(std::move(arguments), surroundings);
        command.input = project.standard_input;
        started_ = surroundings.process.begin({command});
    }

    Merged finish() {
        const Finished finished = started_->finish(surroundings_.cancel).front();
        require_compose(finished, surroundings_);
        const ComplaintCleaner cleaner{
            {project_.uninterpolated.is_null() ? "" : project_.uninterpolated.dump(1), override_},
            {project_.working_directory, file().string(), scratch_.path().string()}};
        Merged merged;
        merged.resolved = Json::parse(finished.output, nullptr, false);
        merged.accepted = finished.ok() && merged.resolved.is_object();
        merged.warnings = cleaner.warnings(finished.error);
        merged.complaint = merged.accepted ? "" : without_our_file(cleaner.error(finished.error));
        return merged;
    }

  private:
    [[nodiscard]] Path file() const { return scratch_.path() / "compose.yaml"; }

    /// The file is gone when the complaint is read, and its name is another one each time.
    [[nodiscard]] std::string without_our_file(std::string complaint) const {
        const std::string name = file().string();
        for (auto at = complaint.find(name); at != std::string::npos; at = complaint.find(name)) {
            complaint.replace(at, name.size(), "the override");
        }
        return complaint;
    }

    const Project& project_;
    std::string override_;
    ScratchDirectory scratch_;
    const Surroundings& surroundings_;
    std::unique_ptr<Process::Started> started_;  // the last: it ends before its files go
};

std::vector<Verdict> compare_merge(const Plan& plan, const Project& project, const Merged& merged,
                                   const MergeChecks& checks) {
    std::vector<Verdict> verdicts;
    if (checks.accepted && !merged.accepted) {
        verdicts.push_back({"", "", Verdict::Outcome::kRefused, kAsked, merged.complaint, Seconds{0}});
        return verdicts;
    }
    if (const auto fresh = new_warnings(project.warnings, merged.warnings); checks.warnings && !fresh.empty()) {
        verdicts.push_back({"", "", Verdict::Outcome::kRefused, kAsked, "it warns: " + fresh.front(), Seconds{0}});
        return verdicts;
    }
    const Json& services = member(merged.resolved, "services");
    for (const Change& change : plan.changes) {
        if (checks.arrival && is_compose(change) && !arrives(services, change)) {
            verdicts.push_back(
                {change.service, change.key, Verdict::Outcome::kRefused, kAsked,
                 fmt::format("{} does not come out as it was written", fmt::join(change.target.path, ".")),
                 Seconds{0}});
        }
    }
    for (const auto& [name, service] : project.services) {
        if (service.resolved.is_null()) {
            continue;
        }
        const auto moved = strays(plan, name, service.resolved, member(services, name.c_str()));
        if (checks.strays && !moved.empty()) {
            verdicts.push_back({name, "", Verdict::Outcome::kRefused, kAsked,
                                fmt::format("the merge would move {}, too", fmt::join(moved, ", ")), Seconds{0}});
        }
    }
    if (verdicts.empty()) {
        // Compose says that it can be written, and nothing of whether the value is right.
        verdicts.push_back(
            {"", "", Verdict::Outcome::kDerived, kAsked, "computed; Compose merges it as written", Seconds{0}});
    }
    return verdicts;
}

std::vector<Verdict> verdicts_on_the_rest(const Plan& plan, const std::vector<Verdict>& verdicts) {
    std::vector<Verdict> rest;
    for (const Change& change : plan.changes) {
        const bool spoken_of = std::any_of(verdicts.begin(), verdicts.end(), [&](const Verdict& one) {
            return one.service == change.service && (one.key.empty() || one.key == change.key);
        });
        if (spoken_of) {
            continue;
        }
        if (is_read_by_a_program(change)) {
            rest.push_back({change.service, change.key, Verdict::Outcome::kNotAsked, "",
                            "the program that reads it could not be asked", Seconds{0}});
        } else if (is_pinned(change) && !verdicts.empty()) {
            rest.push_back({change.service, change.key, Verdict::Outcome::kDerived, kAsked,
                            "as you pinned it; Compose merges it as written", Seconds{0}});
        }
    }
    return rest;
}

MergeQuestion::MergeQuestion(const Plan& plan, const Project& project, Path scratch, Files& files,
                             const Surroundings& surroundings, const MergeChecks& checks)
    : plan_(plan),
      project_(project),
      scratch_(std::move(scratch)),
      files_(files),
      surroundings_(surroundings),
      checks_(checks) {
    if (std::any_of(plan.changes.begin(), plan.changes.end(), is_compose)) {
        whole_ = std::make_unique<Merging>(project, compose_override(plan), scratch_, files, surroundings);
    }
}

MergeQuestion::~MergeQuestion() = default;

MergeAnswer MergeQuestion::answer() {
    if (!whole_) {
        return {{}, {{"services", nlohmann::json::object()}}};
    }
    Merged merged = whole_->finish();
    whole_.reset();
    MergeAnswer answer{compare_merge(plan_, project_, merged, checks_), nullptr};
    if (merged.accepted) {
        answer.resolved = std::move(merged.resolved);
    }
    if (!refuses_all(answer.verdicts)) {
        return answer;
    }
    if (answer.resolved.is_null() && checks_.accepted) {
        // Some files Compose takes alone, and nothing beside them: `test: []` of 2.26 is one.
        const Merged empty = Merging(project_, "services: {}\n", scratch_, files_, surroundings_).finish();
        if (!empty.accepted) {
            answer.verdicts.front().said =
                "Compose takes these files alone, and not even an empty one beside them: " + empty.complaint;
            return answer;
        }
    }
    std::set<std::string> services;
    for (const Change& change : plan_.changes) {
        services.insert(change.service);
    }
    std::vector<Verdict> in_parts;
    for (const std::string& service : services) {
        const Plan part = part_of(plan_, [&](const Change& change) { return change.service == service; });
        for (Verdict& verdict : ask_about(part)) {
            verdict.service = service;
            in_parts.push_back(std::move(verdict));
        }
    }
    // Each part alone may be fine where the whole is not.
    if (std::any_of(in_parts.begin(), in_parts.end(), is_refusal)) {
        answer.verdicts = std::move(in_parts);
    }
    return answer;
}

std::vector<Verdict> MergeQuestion::compare(const Plan& part) const {
    return compare_merge(part, project_,
                         Merging(project_, compose_override(part), scratch_, files_, surroundings_).finish(), checks_);
}

std::vector<Verdict> MergeQuestion::ask_about(const Plan& part) const {
    std::vector<Verdict> verdicts = compare(part);
    std::set<std::string> groups;
    for (const Change& change : part.changes) {
        groups.insert(group_of(change));
    }
    if (!refuses_all(verdicts) || groups.size() < 2) {
        return verdicts;
    }
    std::vector<Verdict> refused;
    std::set<std::string> bad;
    for (const std::string& group : groups) {
        const Plan alone = part_of(part, [&](const Change& change) { return group_of(change) == group; });
        const std::vector<Verdict> said = compare(alone);
        if (const auto one = std::find_if(said.begin(), said.end(), is_refusal); one != said.end()) {
            bad.insert(group);
            for (const Change& change : alone.changes) {
                refused.push_back(
                    {change.service, change.key, Verdict::Outcome::kRefused, kAsked, one->said, Seconds{0}});
            }
        }
    }
    const Plan rest = part_of(part, [&](const Change& change) { return !bad.contains(group_of(change)); });
    if (bad.empty() || rest.changes.empty()) {
        return verdicts;
    }
    std::vector<Verdict> of_rest = compare(rest);
    if (refuses_all(of_rest)) {
        return verdicts;
    }
    std::move(of_rest.begin(), of_rest.end(), std::back_inserter(refused));
    return refused;
}

}  // namespace pilotpros
