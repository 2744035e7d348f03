#include <algorithm>

#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/apps/n8n/module.h"
#include "core/apps/nginx/module.h"
#include "core/apps/node/module.h"
#include "core/apps/postgres/module.h"
#include "core/apps/python/module.h"
#include "core/apps/redis/module.h"
#include "core/docker/json.h"

namespace pilotpros::apps {

namespace {

constexpr double kReported = 0.5;

/// Who runs on whom: the second is only how the first runs.
constexpr std::pair<const char*, const char*> kSubsumes[] = {{"n8n", "node"}};

std::vector<std::string> corrections(const Service* service) {
    if (service == nullptr) {
        return {};
    }
    const std::string one = text(service->extension, "application");
    return one.empty() ? texts(service->extension, "application") : std::vector<std::string>{one};
}

}  // namespace

const std::vector<ApplicationModule>& registry() {
    static const std::vector<ApplicationModule> kModules{postgres::module(), n8n::module(),  nginx::module(),
                                                         redis::module(),    node::module(), python::module()};
    return kModules;
}

const ApplicationModule* module_of(const std::string& kind) {
    const auto& modules = registry();
    const auto found = std::find_if(modules.begin(), modules.end(), [&](const auto& one) { return one.kind == kind; });
    return found == modules.end() ? nullptr : &*found;
}

std::vector<std::string> describe(const Application& application) {
    const ApplicationModule* const described = module_of(application.kind);
    if (described == nullptr || !described->describe || !application.facts.is_object() || application.facts.empty()) {
        return {};
    }
    try {
        return described->describe(application.facts);
    } catch (const nlohmann::json::exception&) {
        // Facts that an older or newer program kept.
        return {};
    }
}

std::optional<Gap> check_correction(const Service& service) {
    for (const std::string& kind : corrections(&service)) {
        if (kind != "none" && module_of(kind) == nullptr) {
            return Gap{service.name, "its application", "x-pilotpros names an application that is not known here"};
        }
    }
    return std::nullopt;
}

std::vector<Application> recognise_all(const Evidence& evidence) {
    std::vector<Application> result;
    if (const auto named = corrections(evidence.service); !named.empty()) {
        for (const std::string& kind : named) {
            if (module_of(kind) != nullptr) {
                result.push_back({kind, 1.0, {"x-pilotpros says so"}, nullptr});
            }
        }
        return result;
    }
    for (const ApplicationModule& one : registry()) {
        const auto recognition = one.recognise(evidence);
        if (recognition && recognition->confidence >= kReported) {
            result.push_back({one.kind, recognition->confidence, recognition->evidence, nullptr});
        }
    }
    const auto is_subsumed = [&](const Application& application) {
        return std::any_of(std::begin(kSubsumes), std::end(kSubsumes), [&](const auto& pair) {
            return application.kind == pair.second && std::any_of(result.begin(), result.end(), [&](const auto& other) {
                       return other.kind == pair.first;
                   });
        });
    };
    std::vector<std::pair<bool, Application>> ranked;
    ranked.reserve(result.size());
    for (const Application& application : result) {
        ranked.emplace_back(is_subsumed(application), application);
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& left, const auto& right) {
        return left.first != right.first ? right.first : left.second.confidence > right.second.confidence;
    });
    result.clear();
    for (auto& [subsumed, application] : ranked) {
        result.push_back(std::move(application));
    }
    return result;
}

}  // namespace pilotpros::apps
