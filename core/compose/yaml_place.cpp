#include "core/compose/yaml_place.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <utility>

namespace pilotpros {

namespace {

/// Reading happens only to tell a place; a file larger than anybody writes by hand goes without.
constexpr std::size_t kLargest = std::size_t{4} << 20U;

/// Listens to the parser and notes where each key stands, down to a depth.
class Surveyor final : public YAML::EventHandler {
  public:
    explicit Surveyor(std::size_t depth) : depth_(depth) {}

    [[nodiscard]] YamlPlaces places() && { return std::move(places_); }

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { leaf(); }
    void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { leaf(); }
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        if (open_.empty() || !open_.back().mapping || open_.back().at_value) {
            leaf();
            return;
        }
        Level& level = open_.back();
        level.at_value = true;
        level.named = level.on_way && open_.size() <= depth_;
        if (level.named) {
            way_.resize(open_.size() - 1);
            way_.push_back(value);
            places_.emplace(way_, YamlPlace{mark.line + 1, mark.column + 1, way_.size()});
        }
    }
    void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        open_.push_back({});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        const bool on_way = open_.empty() || (open_.back().mapping && open_.back().at_value && open_.back().named);
        open_.push_back({true, on_way, false, false});
    }
    void OnMapEnd() override { close(); }

  private:
    struct Level {
        bool mapping = false;
        bool on_way = false;    ///< all above it are keys of mappings
        bool at_value = false;  ///< its key has been read, its value comes next
        bool named = false;     ///< that key is the last of the way
    };

    /// Something without inside ends: as a key it is none of ours, as a value it makes room for the next key.
    void leaf() {
        if (!open_.empty() && open_.back().mapping) {
            Level& level = open_.back();
            level.named = level.named && !level.at_value;
            level.at_value = !level.at_value;
        }
    }
    void close() {
        open_.pop_back();
        leaf();
    }

    std::size_t depth_;
    std::vector<Level> open_;
    std::vector<std::string> way_;
    YamlPlaces places_;
};

}  // namespace

YamlPlaces yaml_places(const std::string& yaml, std::size_t depth) {
    if (yaml.size() > kLargest) {
        return {};
    }
    Surveyor surveyor(depth);
    try {
        std::istringstream text(yaml);
        YAML::Parser parser(text);
        parser.HandleNextDocument(surveyor);
    } catch (const YAML::Exception&) {
        // What was found before the fault is as good as ever.
    }
    return std::move(surveyor).places();
}

std::optional<YamlPlace> yaml_place(const std::string& yaml, const std::vector<std::string>& path) {
    const YamlPlaces places = yaml_places(yaml, path.size());
    for (std::vector<std::string> way = path; !way.empty(); way.pop_back()) {
        if (const auto place = places.find(way); place != places.end()) {
            return place->second;
        }
    }
    return std::nullopt;
}

}  // namespace pilotpros
