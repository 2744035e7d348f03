#include "core/compose/yaml_place.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace pilotpros {

namespace {

/// Reading happens only to tell a place; a file larger than anybody writes by hand goes without.
constexpr std::size_t kLargest = std::size_t{4} << 20U;

/// Listens to the parser and keeps how far along the path the current mapping is.
class Follower final : public YAML::EventHandler {
  public:
    explicit Follower(const std::vector<std::string>& path) : path_(path) {}

    [[nodiscard]] const std::optional<YamlPlace>& place() const { return place_; }

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { leaf(); }
    void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { leaf(); }
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        if (!open_.empty() && open_.back().mapping && !open_.back().at_value) {
            Level& level = open_.back();
            level.at_value = true;
            level.wanted = level.on_path && open_.size() <= path_.size() && value == path_[open_.size() - 1];
            if (level.wanted && (!place_ || open_.size() > place_->depth)) {
                place_ = YamlPlace{mark.line + 1, mark.column + 1, open_.size()};
            }
            return;
        }
        leaf();
    }
    void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        open_.push_back({});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        const bool on_path = open_.empty() || (open_.back().mapping && open_.back().at_value && open_.back().wanted);
        open_.push_back({true, on_path, false, false});
    }
    void OnMapEnd() override { close(); }

  private:
    struct Level {
        bool mapping = false;
        bool on_path = false;   ///< all keys above it are the path's
        bool at_value = false;  ///< its key has been read, its value comes next
        bool wanted = false;    ///< that key is the path's next
    };

    /// Something without inside ends: as a key it is none of ours, as a value it makes room for the next key.
    void leaf() {
        if (!open_.empty() && open_.back().mapping) {
            Level& level = open_.back();
            level.wanted = level.wanted && !level.at_value;
            level.at_value = !level.at_value;
        }
    }
    void close() {
        open_.pop_back();
        leaf();
    }

    const std::vector<std::string>& path_;
    std::vector<Level> open_;
    std::optional<YamlPlace> place_;
};

}  // namespace

std::optional<YamlPlace> yaml_place(const std::string& yaml, const std::vector<std::string>& path) {
    if (yaml.size() > kLargest || path.empty()) {
        return std::nullopt;
    }
    Follower follower(path);
    try {
        std::istringstream text(yaml);
        YAML::Parser parser(text);
        parser.HandleNextDocument(follower);
    } catch (const YAML::Exception&) {
        // What was found before the fault is as good as ever.
    }
    return follower.place();
}

}  // namespace pilotpros
