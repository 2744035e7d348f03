#include "plugin/views/tune_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "plugin/views/table.h"
#include "plugin/views/text.h"
#include "plugin/views/tune_notes.h"
#include "plugin/views/tune_words.h"

namespace pilotpros {

namespace {

constexpr int kWhyBeside = 50;  // cells that WHY needs to stand beside the rest
constexpr int kLongest = 60;    // cells of a value, even where there is room
constexpr int kShortest = 8;

std::vector<std::string> rows_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

struct Row {
    const Change* change = nullptr;
    const Verdict* verdict = nullptr;
    std::string setting, now, then, cost, outcome, why;
};

std::string outcome_of(const Verdict* verdict) {
    return nlohmann::json(verdict == nullptr ? Verdict::Outcome::kNotAsked : verdict->outcome).get<std::string>();
}

/// What does not run cannot be interrupted. Of what no engine was asked nobody knows.
bool stands_still(const TuneView& view, const std::string& service) {
    const ServiceObservation* const observed = view.observation.engine ? view.observation.service(service) : nullptr;
    return observed != nullptr && std::none_of(observed->containers.begin(), observed->containers.end(),
                                               [](const Container& container) { return container.running(); });
}

/// What an apply does to the services, the worst first: "recreates db and web, reloads proxy".
std::string interruptions(const TuneView& view) {
    std::map<std::string, Cost> by_service;
    for (const Change& change : view.plan.changes) {
        if (!view.waiting.contains(change.service) && !stands_still(view, change.service)) {
            Cost& cost = by_service.emplace(change.service, change.cost).first->second;
            cost = std::max(cost, change.cost);
        }
    }
    std::map<Cost, std::vector<std::string>, std::greater<>> by_cost;
    for (const auto& [service, cost] : by_service) {
        by_cost[cost].push_back(service);
    }
    std::vector<std::string> stops;
    std::vector<std::string> goes_on;
    for (const auto& [cost, services] : by_cost) {
        (cost >= Cost::kRestart ? stops : goes_on)
            .push_back(fmt::format("{} ({})", enumerated(services), cost_word(cost)));
    }
    const bool one = by_cost.size() == stops.size() + 1 && by_cost.rbegin()->second.size() == 1;
    const std::string rest = goes_on.empty() ? "" : fmt::format("; {} {} on", enumerated(goes_on), one ? "goes" : "go");
    return stops.empty() ? "applying interrupts nothing" : "applying interrupts " + enumerated(stops) + rest;
}

std::string headline(const TuneView& view, std::size_t settings, std::size_t services, int width) {
    const std::string project = view.plan.project.empty() ? view.project.name : view.plan.project;
    if (settings == 0) {
        return wrap(printable(fmt::format("Nothing to change in {}.", project)), width, 2);
    }
    const auto wait = [](const std::vector<std::string>& names, const char* why) {
        return names.empty() ? ""
                             : fmt::format("; {} {}: {}", enumerated(names), names.size() == 1 ? "waits" : "wait", why);
    };
    std::vector<std::string> keep_data;
    std::set_difference(view.waiting.begin(), view.waiting.end(), view.owners.begin(), view.owners.end(),
                        std::back_inserter(keep_data));
    const std::string waits = wait(keep_data, "a new container would not have what this one keeps") +
                              wait({view.owners.begin(), view.owners.end()}, "others run inside its container");
    return wrap(printable(fmt::format("Plan {} for {}: {} for {}; {}{}.", view.hash.substr(0, kShownHash), project,
                                      count_of(settings, "change"), count_of(services, "service"),
                                      view.applied ? "it is applied, and `docker pilotpros status` says whether what "
                                                     "runs carries it"
                                                   : interruptions(view),
                                      waits)),
                width, 2);
}

std::string masks_of_view(const TuneView& view, int width) {
    std::string result;
    for (const std::string& one : view.masked_changes) {
        result += wrap(printable("You have changed a value that our files hide: " + one), width, 2);
    }
    return result;
}

std::string memory_words(const Budget& budget, int width) {
    if (budget.total == 0) {
        return "";
    }
    return wrap(fmt::format("Memory: {} on this machine; {} kept back for kernel and cache, {} used by others, {} for "
                            "this project.",
                            format_bytes(budget.total), format_bytes(budget.reserved), format_bytes(budget.others),
                            format_bytes(budget.granted)),
                width, 2);
}

/// The Changes as a table, cut into a block a service.
class Settings {
  public:
    Settings(const TuneView& view, int width) : view_(view), width_(width) {
        for (const Change& change : view.plan.changes) {
            if (!change.carrier) {
                services_[change.service].push_back(row_of(change));
            }
        }
        lay_out();
    }

    [[nodiscard]] std::size_t services() const { return services_.size(); }
    [[nodiscard]] std::size_t settings() const {
        std::size_t sum = 0;
        for (const auto& [service, rows] : services_) {
            sum += rows.size();
        }
        return sum;
    }

    [[nodiscard]] std::string words() const {
        if (services_.empty()) {
            return "";
        }
        Table table(columns());
        std::vector<std::pair<std::size_t, std::string>> below;  // after how many lines of the table what else stands
        std::size_t lines = 1;
        for (const auto& [service, rows] : services_) {
            below.emplace_back(lines, "\n" + service_words(service));
            for (const Row& row : rows) {
                lines += add(row, table);
                below.emplace_back(lines, extra_lines(row));
            }
            below.emplace_back(lines, closing_lines(service, rows));
        }
        const std::vector<std::string> rendered = rows_of(table.render(width_));
        std::string result;
        auto next = below.begin();
        for (std::size_t line = 0; line <= rendered.size(); ++line) {
            for (; next != below.end() && next->first == line; ++next) {
                result += next->second;
            }
            result += line < rendered.size() ? rendered[line] + "\n" : "";
        }
        return result;
    }

  private:
    [[nodiscard]] Row row_of(const Change& change) const {
        const Verdict* const verdict = view_.plan.verdict_on(change);
        return {&change,
                verdict,
                "  " + printable(change.key),
                value_words(change.before),
                value_words(change.after),
                cost_word(change.cost),
                verdict_words(verdict),
                printable(change.reason)};
    }

    [[nodiscard]] int widest(std::string Row::*cell, int least) const {
        int width = least;
        for (const auto& [service, rows] : services_) {
            for (const Row& row : rows) {
                width = std::max(width, cells(row.*cell));
            }
        }
        return width;
    }

    /// WHY stands beside the rest where there is room for it; else who gave a Verdict goes below, too.
    void lay_out() {
        const int now = std::min(widest(&Row::now, 3), kLongest);
        const int then = std::min(widest(&Row::then, 4), kLongest);
        const int fixed = widest(&Row::setting, 7) + widest(&Row::cost, 4);
        const auto room = [&](int outcome) { return width_ - fixed - outcome - 4 * Table::kBetween; };
        const int beside = room(widest(&Row::outcome, 7)) - Table::kBetween - kWhyBeside;
        wide_ = width_ == 0 || beside >= std::min(now, 24) + std::min(then, 24);
        if (!wide_) {
            for (auto& [service, rows] : services_) {
                for (Row& row : rows) {
                    row.outcome = outcome_of(row.verdict);
                }
            }
        }
        const int both = width_ == 0 ? now + then : wide_ ? beside : room(widest(&Row::outcome, 7));
        // What one value leaves over is the other's.
        now_ = std::max(kShortest, std::min(now, std::max(both / 2, both - then)));
        then_ = std::max(kShortest, std::min(then, both - now_));
        why_ = width_ == 0 ? 0 : room(widest(&Row::outcome, 7)) - now_ - then_ - Table::kBetween;
    }

    [[nodiscard]] std::vector<Table::Column> columns() const {
        std::vector<Table::Column> result{{"SETTING"}, {"NOW"}, {"THEN"}, {"COST"}, {"VERDICT"}};
        if (wide_) {
            result.push_back({"WHY"});
        }
        return result;
    }

    /// How many lines it took.
    std::size_t add(const Row& row, Table& table) const {
        const std::vector<std::string> why = wide_ ? rows_of(wrap(row.why, why_, 0)) : std::vector<std::string>{""};
        for (std::size_t i = 0; i < why.size(); ++i) {
            std::vector<std::string> cells_of_row(5);
            if (i == 0) {
                cells_of_row = {row.setting, elide(row.now, now_), elide(row.then, then_), row.cost, row.outcome};
            }
            cells_of_row.push_back(why[i]);
            if (!wide_) {
                cells_of_row.resize(5);
            }
            table.add(std::move(cells_of_row));
        }
        return why.size();
    }

    /// What had no room in the row.
    [[nodiscard]] std::string extra_lines(const Row& row) const {
        std::string result;
        if (cells(row.now) > now_) {
            result += wrap("      now: " + row.now, width_, 8);
        }
        if (cells(row.then) > then_) {
            result += wrap("      then: " + row.then, width_, 8);
        }
        if (!wide_ && !row.why.empty()) {
            result += wrap("      " + row.why, width_, 6);
        }
        return result;
    }

    [[nodiscard]] std::string service_words(const std::string& service) const {
        std::vector<std::string> kinds;
        for (const ServiceObservation& one : view_.observation.services) {
            for (const Application& application : one.applications) {
                if (one.service == service) {
                    kinds.push_back(application.kind);
                }
            }
        }
        return printable(kinds.empty() ? service : fmt::format("{} ({})", service, fmt::join(kinds, ", "))) + "\n";
    }

    /// Who gave the Verdicts, where the table has no room for it, and why nobody could be asked; what carries them.
    [[nodiscard]] std::string closing_lines(const std::string& service, const std::vector<Row>& rows) const {
        std::vector<std::pair<std::string, std::vector<std::string>>> groups;
        for (const Row& row : rows) {
            const bool accepted = row.verdict != nullptr && row.verdict->outcome == Verdict::Outcome::kAccepted;
            if (row.verdict == nullptr || (accepted ? wide_ || row.verdict->by.empty() : row.verdict->said.empty())) {
                continue;
            }
            const std::string words =
                accepted ? verdict_words(row.verdict) : outcome_of(row.verdict) + ": " + printable(row.verdict->said);
            auto group =
                std::find_if(groups.begin(), groups.end(), [&](const auto& one) { return one.first == words; });
            if (group == groups.end()) {
                group = groups.insert(groups.end(), {words, {}});
            }
            group->second.push_back(printable(row.change->key));
        }
        std::string result;
        for (const auto& [words, keys] : groups) {
            const bool all = keys.size() == rows.size() && keys.size() > 1;
            result += wrap(fmt::format("    {} {}", all ? "all" : enumerated(keys), words), width_, 6);
        }
        std::vector<std::string> carriers;
        for (const Change& change : view_.plan.changes) {
            if (change.carrier && change.service == service) {
                carriers.push_back(printable(carrier_words(change)));
            }
        }
        return carriers.empty() ? result : result + wrap("    " + enumerated(carriers), width_, 6);
    }

    const TuneView& view_;
    int width_;
    bool wide_ = false;
    int now_ = 0, then_ = 0, why_ = 0;
    std::map<std::string, std::vector<Row>> services_;
};

}  // namespace

std::string tune_as_table(const TuneView& view, int width) {
    const Settings settings(view, width);
    std::string text = headline(view, settings.settings(), settings.services(), width) + masks_of_view(view, width);
    const bool something = settings.settings() > 0;
    for (const std::string& paragraph :
         {settings.words(), memory_words(view.plan.budget, width), left_alone_words(view.plan, width),
          findings_words(view.plan, width), something ? masks_words(view.bundle, width) : std::string{},
          gaps_words(view.observation, width)}) {
        text += paragraph.empty() ? "" : "\n" + paragraph;
    }
    if (something && !view.try_command.empty()) {
        text += fmt::format("\nTo try it, and to undo it:\n{}\n{}\n", printable(view.try_command),
                            printable(view.undo_command));
    } else if (something && !view.undo_command.empty()) {
        text += fmt::format("\nTo take it back:\n{}\n", printable(view.undo_command));
    } else if (something && !view.files_command.empty()) {
        text += fmt::format("\nTo see the files, and to ask what runs once the engine answers:\n{}\n{}\n",
                            printable(view.files_command), printable(view.ask_command));
    } else if (!view.ask_command.empty()) {
        text += fmt::format("\nTo ask what runs once the engine answers:\n{}\n", printable(view.ask_command));
    }
    return text;
}

}  // namespace pilotpros
