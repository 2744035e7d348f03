#include "plugin/views/tune_explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/model/error.h"
#include "core/model/near.h"
#include "plugin/views/text.h"
#include "plugin/views/tune_notes.h"
#include "plugin/views/tune_words.h"

namespace pilotpros {

namespace {

/// Fields under one another; what is long goes on below its beginning.
class Sheet {
  public:
    explicit Sheet(int width) : width_(width) {}

    void title(const std::string& text) { text_ += wrap(printable(text), width_, 2); }
    void field(const std::string& name, const std::string& value) {
        constexpr int kIndent = 12;
        if (!value.empty()) {
            text_ += wrap(fmt::format("  {:<9} {}", name, printable(value)), width_, kIndent);
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    int width_;
    std::string text_;
};

template <typename Thing>
std::string name_of(const Thing& thing) {
    return thing.service.empty() ? thing.key : thing.service + "." + thing.key;
}

template <typename Thing>
bool is_meant(const Thing& thing, const std::string& what) {
    return !thing.key.empty() && (thing.key == what || name_of(thing) == what);
}

std::string said_words(const Verdict& verdict) {
    std::string words = verdict.outcome == Verdict::Outcome::kAccepted || verdict.outcome == Verdict::Outcome::kRefused
                            ? verdict_words(&verdict)
                            : verdict_words(&verdict) + (verdict.by.empty() ? "" : " (" + verdict.by + ")");
    if (!verdict.said.empty()) {
        words += ": " + verdict.said;
    }
    return words;
}

/// All that was said of the Change, the closest first.
std::vector<const Verdict*> verdicts_on(const Plan& plan, const Change& change) {
    std::vector<const Verdict*> result;
    for (const Verdict& verdict : plan.verdicts) {
        if ((verdict.service.empty() || verdict.service == change.service) &&
            (verdict.key.empty() || verdict.key == change.key)) {
            result.push_back(&verdict);
        }
    }
    const Verdict* const first = plan.verdict_on(change);
    std::stable_partition(result.begin(), result.end(), [&](const Verdict* one) { return one == first; });
    return result;
}

std::string explain_change(const TuneView& view, const Change& change, int width) {
    Sheet sheet(width);
    sheet.title(fmt::format("{}: {} -> {}", name_of(change), value_words(change.before), value_words(change.after)));
    sheet.field("why", change.reason);
    if (!change.users_text.empty()) {
        sheet.field("written as", change.users_text);
    }
    sheet.field("rule", change.rule);
    for (const Input& input : change.inputs) {
        sheet.field("input", fmt::format("{}: {}{}", input.name, input.value,
                                         input.from.empty() ? "" : " (" + input.from + ")"));
    }
    sheet.field("source", change.source);
    sheet.field("recipe", change.recipe.empty() ? "has no line for it" : change.recipe);
    const std::vector<const Verdict*> verdicts = verdicts_on(view.plan, change);
    for (const Verdict* const verdict : verdicts) {
        sheet.field("verdict", said_words(*verdict));
    }
    if (verdicts.empty()) {
        sheet.field("verdict", "not asked");
    }
    sheet.field("risk", risk_word(change.risk));
    sheet.field("cost", cost_word(change.cost));
    if (!change.joint.empty()) {
        std::vector<std::string> others;
        for (const Change& other : view.plan.changes) {
            if (other.service == change.service && other.joint == change.joint && other.key != change.key) {
                others.push_back(other.key);
            }
        }
        sheet.field("goes with", enumerated(others));
    }
    sheet.field("advisor", change.advisor);
    if (const auto [file, line] = BundlePlaces{view.bundle}.of(change); line > 0) {
        sheet.field("file", fmt::format(".pilotpros/{}:{}", file, line));
    }
    return sheet.take();
}

std::string explain_left_alone(const LeftAlone& one, int width) {
    Sheet sheet(width);
    sheet.title(name_of(one) + ": left alone");
    sheet.field("why", one.why);
    sheet.field("advisor", one.advisor);
    return sheet.take();
}

std::string explain_finding(const Finding& finding, int width) {
    Sheet sheet(width);
    sheet.title(finding.id);
    std::string text = sheet.take() + finding_words(finding, width);
    return finding.source.empty() ? text : text + wrap(printable("    source: " + finding.source), width, 6);
}

/// Of a service that could not be asked everything, what was not learned may be why it has no such key this time.
std::string not_learned(const Observation& observation, const std::string& what) {
    for (const Gap& gap : observation.gaps) {
        if (what.starts_with(gap.subject + ".")) {
            return fmt::format("try again: of {} not all could be asked: {}: {}", gap.subject, gap.what, gap.why);
        }
    }
    return "";
}

[[noreturn]] void unknown(const TuneView& view, const std::string& what) {
    const Plan& plan = view.plan;
    std::set<std::string> names;
    const auto add = [&](const auto& thing) {
        if (!thing.key.empty()) {
            names.insert(name_of(thing));
            names.insert(thing.key);
        }
    };
    std::for_each(plan.changes.begin(), plan.changes.end(), add);
    std::for_each(plan.left_alone.begin(), plan.left_alone.end(), add);
    for (const Finding& finding : plan.findings) {
        names.insert(finding.id);
    }
    std::vector<std::string> near = nearest({names.begin(), names.end()}, what);
    std::string hint = "the Plan is empty: there is nothing to explain";
    if (!near.empty()) {
        hint = fmt::format("did you mean {}?", fmt::join(near, " or "));
    } else if (!names.empty()) {
        // A service's name alone, or a part of a key.
        for (const std::string& name : names) {
            if (name.starts_with(what + ".") || name.find("." + what) != std::string::npos) {
                near.push_back(name);
            }
        }
        constexpr std::size_t kReadable = 20;
        const std::vector<std::string> some =
            near.empty() ? std::vector<std::string>{names.begin(), names.end()} : near;
        hint = some.size() <= kReadable ? fmt::format("there are: {}", fmt::join(some, ", "))
                                        : "the SETTING column has the keys: KEY, or SERVICE.KEY";
    }
    if (const std::string gap = not_learned(view.observation, what); !gap.empty() && near.empty()) {
        hint = gap;
    }
    throw Error(ExitCode::kUsage, fmt::format("the Plan has no word on {}", what), hint);
}

}  // namespace

std::string explain(const TuneView& view, const std::string& what, int width) {
    std::vector<std::string> sheets;
    for (const Change& change : view.plan.changes) {
        if (is_meant(change, what)) {
            sheets.push_back(explain_change(view, change, width));
        }
    }
    for (const LeftAlone& one : view.plan.left_alone) {
        if (is_meant(one, what)) {
            sheets.push_back(explain_left_alone(one, width));
        }
    }
    for (const Finding& finding : view.plan.findings) {
        if (finding.id == what || finding.service + "." + finding.id == what) {
            sheets.push_back(explain_finding(finding, width));
        }
    }
    if (sheets.empty()) {
        unknown(view, what);
    }
    return fmt::format("{}", fmt::join(sheets, "\n"));
}

}  // namespace pilotpros
