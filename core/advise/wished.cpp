#include "core/advise/wished.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "core/model/json.h"
#include "core/model/near.h"
#include "core/model/wish_units.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kWho = "x-pilotpros";

/// Below a service, whatever runs in it: who advises them knows one program each.
constexpr std::array kForAnyService{"shm_size", "stop_grace_period"};
/// Their advisors hear bounds themselves, since other values follow from theirs.
constexpr std::array kHeardBefore{"memory", "memory_swap", "heap"};
/// Where Compose takes no variable, or not alone: a short ulimit, and a flag among others.
constexpr std::array kByValue{"nofile", "heap"};

template <std::size_t size>
bool is_one_of(const std::array<const char*, size>& keys, const std::string& key) {
    return std::any_of(keys.begin(), keys.end(), [&](const char* one) { return key == one; });
}

/// No limit at all is a choice, too.
bool can_be_pinned(const WishKey& key, const std::string& text) {
    return key.unit == WishUnit::kText || wish_amount(key.unit, text) ||
           (std::string_view{key.key} == "memory_swap" && text == "-1");
}

std::optional<double> amount_of(WishUnit unit, const Json& value) {
    return value.is_null() ? std::nullopt : wish_amount(unit, as_text(value));
}

/// In the type that the advisor chose.
Json value_like(const Json& example, WishUnit unit, double amount) {
    if (!example.is_number()) {
        return wish_text(unit, amount);
    }
    return unit == WishUnit::kCount ? Json(static_cast<std::int64_t>(amount)) : Json(amount);
}

class Wishing {
  public:
    Wishing(const Case& input, Advice advice, const Speaks& speaks)
        : input_(input), speaks_(speaks), advice_(std::move(advice)) {}

    Advice all() {
        for (const auto& [service, wish] : input_.wishes) {
            service_ = service;
            wish_ = &wish;
            read_keys();
            read_pins();
            read_bounds();
            write_pins();
            keep_within_bounds();
            leave_what_stands();
            keep_texts();
        }
        return std::move(advice_);
    }

  private:
    [[nodiscard]] bool is_asked(const WishKey& key) const {
        return speaks_(service_, key.advisor == nullptr ? kWho : key.advisor);
    }

    [[nodiscard]] bool has_change(const std::string& key) const {
        return std::any_of(advice_.changes.begin(), advice_.changes.end(),
                           [&](const Change& change) { return change.service == service_ && change.key == key; });
    }

    void leave(const std::string& key, std::string why) {
        advice_.left_alone.push_back({service_, kWho, key, std::move(why)});
    }

    void tell(const char* id, std::string what, std::string harm, std::string fix) {
        advice_.findings.push_back(
            {service_, id, Finding::Severity::kError, std::move(what), std::move(harm), std::move(fix), kWishSource});
    }

    void read_keys() {
        std::set<std::string> told;
        for (const auto* wishes : {&wish_->pinned, &wish_->least, &wish_->most}) {
            for (const auto& [key, text] : *wishes) {
                const std::vector<std::string> near =
                    wish_key(key) == nullptr ? nearest(wish_key_names(), key) : std::vector<std::string>{};
                const bool heard = std::any_of(near.begin(), near.end(), [&](const std::string& name) {
                    const WishKey* const known = wish_key(name);
                    return known != nullptr && is_asked(*known);
                });
                if (heard && told.insert(key).second) {
                    tell("wish-unknown",
                         fmt::format("x-pilotpros names {}, which nobody advises{}", key, did_you_mean(near, key)),
                         "the wish has no effect", fmt::format("write {}, or take it out", fmt::join(near, " or ")));
                }
            }
        }
    }

    void read_pins() {
        for (const auto& [key, text] : wish_->pinned) {
            const WishKey* const known = wish_key(key);
            if (known != nullptr && is_asked(*known) && !can_be_pinned(*known, text)) {
                refuse_pin(*known, text);
            }
        }
    }

    void refuse_pin(const WishKey& known, const std::string& text) {
        const std::string key = known.key;
        // The advisor of a limit may have told it already.
        const std::string begins = fmt::format("x-pilotpros pins {} to ", key);
        const bool told = std::any_of(advice_.findings.begin(), advice_.findings.end(), [&](const Finding& finding) {
            return finding.service == service_ && finding.what.starts_with(begins);
        });
        if (!told) {
            const bool variable = wish_->as_written.contains(key) || text.find('$') != std::string::npos;
            tell("pin-unreadable", fmt::format("{}what is not {}", begins, what_it_takes(known.unit)),
                 "the pin is not used",
                 fmt::format("give {} {}{}", key, what_it_takes(known.unit),
                             variable ? "; `docker compose config` warns of a variable that has no value" : ""));
        }
        std::erase_if(advice_.changes, [&](const Change& change) {
            return change.service == service_ && change.key == key && is_pinned(change);
        });
        leave(key, "the pin cannot be read: see the finding");
    }

    void read_bounds() {
        for (const auto& [end, bounds] : {std::pair{"min", &wish_->least}, std::pair{"max", &wish_->most}}) {
            for (const auto& [key, text] : *bounds) {
                const WishKey* const known = wish_key(key);
                if (known != nullptr && is_asked(*known) && !wish_amount(known->unit, text)) {
                    tell("bound-unreadable",
                         known->unit == WishUnit::kText
                             ? fmt::format("x-pilotpros bounds {}, which is {}", key, what_it_takes(known->unit))
                             : fmt::format("x-pilotpros bounds {}, and its {} is not {}", key, end,
                                           what_it_takes(known->unit)),
                         "this bound is not used", fmt::format("give {} of {} another value, or none", end, key));
                    leave(key, "a bound cannot be read: see the finding");
                }
            }
        }
        for (const auto& [key, text] : wish_->least) {
            const WishKey* const known = wish_key(key);
            const auto most = wish_->most.find(key);
            const auto low = known == nullptr ? std::nullopt : wish_amount(known->unit, text);
            const auto high =
                known == nullptr || most == wish_->most.end() ? std::nullopt : wish_amount(known->unit, most->second);
            if (low && high && *low > *high && is_asked(*known)) {
                tell("bound-contradicts", fmt::format("x-pilotpros bounds {}, and its min is above its max", key),
                     "neither is used", fmt::format("a min of {} that is at most its max", key));
                leave(key, "its bounds contradict each other: see the finding");
            }
        }
    }

    void write_pins() {
        const Service* const of_files = input_.service(service_);
        if (of_files == nullptr || !of_files->resolved.is_object()) {
            return;
        }
        for (const char* const key : kForAnyService) {
            const WishKey& known = *wish_key(key);
            const auto pin = wish_->pinned.find(key);
            if (pin == wish_->pinned.end() || !is_asked(known) || !can_be_pinned(known, pin->second) ||
                has_change(key)) {
                continue;
            }
            std::erase_if(advice_.left_alone,
                          [&](const LeftAlone& one) { return one.service == service_ && one.key == key; });
            const Json& own = member(of_files->resolved, key);
            const auto now = amount_of(known.unit, own);
            Change change;
            change.service = service_;
            change.advisor = kWho;
            change.key = key;
            change.target = {Target::Kind::kCompose, {key}};
            change.before = now ? Json(wish_text(known.unit, *now)) : own;
            change.after = pin->second;
            change.reason = kPinned;
            change.rule = kPinned;
            change.source = kWishSource;
            advice_.changes.push_back(std::move(change));
        }
    }

    void keep_within_bounds() {
        std::vector<Change> kept;
        for (Change& change : advice_.changes) {
            if (change.service != service_ || is_kept_within(change)) {
                kept.push_back(std::move(change));
            }
        }
        advice_.changes = std::move(kept);
    }

    /// False when nothing is left to change.
    bool is_kept_within(Change& change) {
        const WishKey* const known = wish_key(change.key);
        if (known == nullptr || change.target.kind != Target::Kind::kCompose || is_one_of(kHeardBefore, change.key)) {
            return true;
        }
        const WishBounds bounds = bounds_on(*wish_, change.key);
        const auto advised = amount_of(known->unit, change.after);
        if (!advised) {
            return true;
        }
        const std::string without = wish_text(known->unit, *advised);
        const auto held = bounds.held(*advised, now_in(*known, change));
        if (!held) {
            advice_.left_alone.push_back(
                {service_, change.advisor, change.key, why_bounded_away(bounds, known->unit, without)});
        } else if (*held != *advised) {
            change.after = value_like(change.after, known->unit, *held);
            change.reason = why_bounded(without);
        }
        return held.has_value();
    }

    /// What is in force without us, also where it is nobody's.
    [[nodiscard]] static std::optional<double> now_in(const WishKey& key, const Change& change) {
        const bool unset = change.before.is_null() && key.otherwise != nullptr;
        return amount_of(key.unit, unset ? Json(key.otherwise) : change.before);
    }

    /// A wish for what is there already.
    void leave_what_stands() {
        std::vector<LeftAlone> left;
        std::erase_if(advice_.changes, [&](const Change& change) {
            const WishKey* const known = wish_key(change.key);
            const bool pinned = wish_->pinned.contains(change.key);
            const bool bounded = wish_->least.contains(change.key) || wish_->most.contains(change.key);
            if (change.service != service_ || known == nullptr || (!pinned && !bounded)) {
                return false;
            }
            const auto before = amount_of(known->unit, change.before);
            const bool stands =
                change.before == change.after || (before && before == amount_of(known->unit, change.after));
            if (stands) {
                left.push_back({service_, change.advisor, change.key,
                                pinned ? "it is what you pinned it to" : "within your bounds it is right as it is"});
            }
            return stands;
        });
        advice_.add({{}, {}, std::move(left)});
    }

    /// What the user wrote with ${…} stays so in the file.
    void keep_texts() {
        for (Change& change : advice_.changes) {
            const WishKey* const known = wish_key(change.key);
            const auto text = wish_->as_written.find(change.key);
            if (change.service != service_ || known == nullptr || text == wish_->as_written.end() ||
                change.target.kind != Target::Kind::kCompose || is_one_of(kByValue, change.key)) {
                continue;
            }
            if (known->unit != WishUnit::kText) {
                change.users_text = text->second;
            } else if (change.after.is_array() && change.after.size() == 2) {
                // A test may hold a password: its value is nobody's to show.
                change.after.back() = text->second;
                change.as_written = true;
            }
        }
        // Swap goes with memory whatever the variable says: the Engine refuses less of both than of memory alone.
        const auto memory = find("memory");
        const auto swap = find("memory_swap");
        if (memory != advice_.changes.end() && swap != advice_.changes.end() && swap->after == memory->after &&
            !wish_->pinned.contains("memory_swap")) {
            swap->users_text = memory->users_text;
        }
    }

    [[nodiscard]] std::vector<Change>::iterator find(const char* key) {
        return std::find_if(advice_.changes.begin(), advice_.changes.end(),
                            [&](const Change& change) { return change.service == service_ && change.key == key; });
    }

    const Case& input_;
    const Speaks& speaks_;
    Advice advice_;
    std::string service_;
    const Wish* wish_ = nullptr;
};

}  // namespace

Advice within_wishes(const Case& input, Advice advice, const Speaks& speaks) {
    return Wishing(input, std::move(advice), speaks).all();
}

}  // namespace pilotpros
