#include "core/model/change.h"

namespace pilotpros {

void to_json(nlohmann::json& json, const Change& change) {
    json = {{"service", change.service}, {"advisor", change.advisor},
            {"key", change.key},         {"target", {{"kind", change.target.kind}, {"path", change.target.path}}},
            {"before", change.before},   {"after", change.after},
            {"reason", change.reason},   {"rule", change.rule},
            {"source", change.source},   {"inputs", change.inputs},
            {"recipe", change.recipe},   {"risk", change.risk},
            {"cost", change.cost},       {"joint", change.joint}};
}

}  // namespace pilotpros
