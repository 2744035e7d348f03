#include "core/docker/execs_ahead.h"

#include <algorithm>
#include <cstddef>

namespace pilotpros {

void ExecsAhead::run_ahead(const std::vector<ExecRequest>& requests) {
    std::vector<ExecResult> results = exec_all(engine_, requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        kept_.emplace_back(requests[i], std::move(results[i]));
    }
}

std::vector<ExecResult> ExecsAhead::run(const std::vector<ExecRequest>& requests) {
    std::vector<ExecResult> results(requests.size());
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const ExecRequest& wanted = requests[i];
        const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) {
            const ExecRequest& one = entry.first;
            return one.container == wanted.container && one.argv == wanted.argv && one.user == wanted.user;
        });
        if (found == kept_.end()) {
            missing.push_back(i);
        } else {
            results[i] = std::move(found->second);
            kept_.erase(found);
        }
    }
    std::vector<ExecRequest> left;
    left.reserve(missing.size());
    for (const std::size_t i : missing) {
        left.push_back(requests[i]);
    }
    std::vector<ExecResult> fresh = left.empty() ? std::vector<ExecResult>{} : exec_all(engine_, left);
    for (std::size_t i = 0; i < missing.size(); ++i) {
        results[missing[i]] = std::move(fresh[i]);
    }
    return results;
}

}  // namespace pilotpros
