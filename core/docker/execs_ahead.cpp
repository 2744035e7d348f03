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

ExecsAhead::Kept::const_iterator ExecsAhead::find(const ExecRequest& request) const {
    return std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) {
        const ExecRequest& one = entry.first;
        return one.container == request.container && one.argv == request.argv && one.user == request.user;
    });
}

std::vector<ExecResult> ExecsAhead::run(const std::vector<ExecRequest>& requests) {
    std::vector<ExecResult> results(requests.size());
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto found = find(requests[i]);
        if (found == kept_.end()) {
            missing.push_back(i);
        } else {
            results[i] = found->second;
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
