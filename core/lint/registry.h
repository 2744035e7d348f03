#pragma once

#include "core/lint/rule.h"

namespace pilotpros::linting {

/// Every rule, in the order in which findings are listed. Who adds one adds it to its group, or a file and one line
/// here. A page of the documentation can be made of it: nothing of a rule's text depends on a project.
const LintRules& lint_rules();

// The groups, each in the file of its name.
LintRules node_options_rules();
LintRules node_heap_rules();
LintRules n8n_variables_rules();
LintRules n8n_grace_rules();
LintRules command_comments_rules();
LintRules development_server_rules();
LintRules data_mounts_rules();
LintRules mounts_rules();
LintRules limit_dialects_rules();
LintRules tmpfs_volumes_rules();
LintRules postgres_data_rules();
LintRules postgres_files_rules();
LintRules postgres_memory_rules();
LintRules postgres_pools_rules();
LintRules postgres_shared_memory_rules();
LintRules probes_rules();
LintRules networks_rules();
LintRules version_rules();

}  // namespace pilotpros::linting
