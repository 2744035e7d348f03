#include "core/compose/yaml_aliases.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <vector>

namespace pilotpros {

namespace {

constexpr std::size_t kLargestCounted = std::size_t{4} << 20U;

/// Counts values with those behind their aliases. What refers to itself counts as one: it has no end to count.
class AliasCounter final : public YAML::EventHandler {
  public:
    [[nodiscard]] YamlAliases found() const { return {place_, {files_.begin(), files_.end()}}; }

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {
        of_anchor_.clear();
        open_.assign(1, {});
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, 1); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = of_anchor_.find(anchor);
        add(mark, found == of_anchor_.end() ? 1 : found->second);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (value.ends_with(".yaml") || value.ends_with(".yml")) {
            files_.insert(value);
        }
        leaf(mark, anchor, 1 + value.size() / kTextOfYamlValue);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open_.push_back({mark, anchor, 1});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open_.push_back({mark, anchor, 1});
    }
    void OnMapEnd() override { close(); }

  private:
    struct Collection {
        YAML::Mark mark;
        YAML::anchor_t anchor = 0;
        std::uint64_t values = 0;
    };

    void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, std::uint64_t values) {
        remember(anchor, values);
        add(mark, values);
    }

    void close() {
        const Collection closed = open_.back();
        open_.pop_back();
        remember(closed.anchor, closed.values);
        add(closed.mark, closed.values);
    }

    void remember(YAML::anchor_t anchor, std::uint64_t values) {
        if (anchor != 0) {
            of_anchor_[anchor] = values;
        }
    }

    /// Never more than one above the most, so that no sum overflows.
    void add(const YAML::Mark& mark, std::uint64_t values) {
        std::uint64_t& sum = open_.back().values;
        sum = std::min(sum + values, kMostYamlValues + 1);
        if (sum > kMostYamlValues && !place_) {
            place_ = YamlPlace{mark.line + 1, mark.column + 1, 0};
        }
    }

    std::map<YAML::anchor_t, std::uint64_t> of_anchor_;
    std::vector<Collection> open_{1};
    std::optional<YamlPlace> place_;
    std::set<std::string> files_;
};

}  // namespace

YamlAliases aliases_in(const std::string& yaml) {
    if (yaml.size() > kLargestCounted ||
        (yaml.find('*') == std::string::npos && yaml.find(".y") == std::string::npos)) {
        return {};
    }
    AliasCounter counter;
    try {
        std::istringstream text(yaml);
        YAML::Parser parser(text);
        while (!counter.found().multiplied && parser.HandleNextDocument(counter)) {
        }
    } catch (const YAML::Exception&) {
        return {};  // Compose says better what is wrong with it
    }
    return counter.found();
}

}  // namespace pilotpros
