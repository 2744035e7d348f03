// What an advisor finds from the files alone is no rule here: limits (check_limits), probes that need the image
// (check_healthcheck), ports (exposure). Where a rule and an advisor can meet on one service, the rule names the
// advisor's finding in Spot::said_as.
#include "core/lint/registry.h"

#include <iterator>

namespace pilotpros::linting {

const LintRules& lint_rules() {
    static const LintRules kRules = [] {
        LintRules all;
        for (const auto group :
             {node_options_rules, node_heap_rules, n8n_variables_rules, n8n_grace_rules, command_comments_rules,
              limit_dialects_rules, data_mounts_rules, mounts_rules, tmpfs_volumes_rules, postgres_data_rules,
              postgres_files_rules, postgres_memory_rules, postgres_pools_rules, postgres_shared_memory_rules,
              probes_rules, networks_rules, development_server_rules, version_rules}) {
            LintRules rules = group();
            std::move(rules.begin(), rules.end(), std::back_inserter(all));
        }
        return all;
    }();
    return kRules;
}

}  // namespace pilotpros::linting
