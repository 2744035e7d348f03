#pragma once

#include <array>
#include <string_view>

namespace pilotpros {

/// Words that Compose and its YAML reader use in their messages, in lower case. A word that is missing here is hidden,
/// no more.
// clang-format off
inline constexpr auto kVocabulary = std::to_array<std::string_view>({
    "$", "-", ".env", "a", "access", "action", "additional", "additional_contexts", "after", "alias", "aliases",
    "all", "allowed", "alphanumeric", "already", "an", "anchor", "anchors", "and", "annotations", "another", "any",
    "are", "args", "array", "as", "at", "attach", "attempt", "attempted", "attribute", "avoid", "be", "been",
    "before", "began", "begin", "being", "between", "big", "bind", "binding", "blank", "blkio_config", "block", "boolean",
    "both", "build", "but", "by", "cache_from", "cache_to", "can", "can't", "cannot", "cap_add", "cap_drop",
    "capabilities", "cast", "cgroup", "character", "characters", "circular", "collection", "colons", "column", "command", "comment",
    "compose", "condition", "config", "configs", "configuration", "confusion", "consider", "constraints", "contain",
    "container", "container_name", "contains", "content", "context", "control", "could", "couldn't", "count", "cpu", "cpus",
    "credential_spec", "cycle", "declare", "declared", "declares", "decode", "decoding", "default", "defaulting",
    "define", "defined", "definition", "delay", "denied", "dependency", "depends", "depends_on", "deploy",
    "deprecated", "depth", "detected", "develop", "device", "device_ids", "devices", "did", "different", "directory",
    "distinct", "dns", "do", "dockerfile", "dockerfile_inline", "document", "does", "doesn't", "don't", "driver", "driver_opts",
    "duplicate", "duplicated", "duration", "either", "element", "empty", "end", "endpoint_mode", "ends",
    "entitlements", "entry", "entrypoint", "env", "env_file", "environment", "error", "errors", "escape", "even",
    "exceeded", "exceeds", "excessively", "exist", "exists", "expand", "expected", "expecting", "explicit", "expose",
    "extend", "extends", "external", "external_links", "extra", "extra_hosts", "failed", "failure_action", "false",
    "field", "file", "files", "find", "flow", "following", "for", "format", "found", "from", "gateway",
    "generic_resources", "given", "got", "gpu", "group", "hard", "has", "have", "healthcheck", "host", "hostname",
    "hostport", "hyphens", "id", "if", "ignored", "ignoring", "image", "implicit", "in", "include", "included",
    "incompatible", "incomplete", "inconsistent", "indent", "indentation", "ingress", "init", "instead", "integer",
    "interpolating", "interpolation", "interval", "into", "invalid", "ipam", "ipc", "ipv4_address", "ipv6_address",
    "is", "isn't", "isolation", "it", "it's", "item", "items", "its", "itself", "key", "keys", "label", "labels",
    "large", "leading", "least", "length", "less", "letter", "level", "limit", "limits", "line", "links", "list", "loaded",
    "loading", "logging", "long", "loop", "lowercase", "many", "map", "mapping", "max", "max-file", "max-size",
    "maximum", "may", "mem_limit", "memory", "memswap_limit", "merge", "minimum", "missing", "mode", "model",
    "monitor", "more", "mount", "multiple", "must", "mutually", "name", "named", "names", "near", "need", "neither",
    "nested", "network", "network_mode", "networks", "never", "new", "next", "no", "no_cache", "nocopy", "node",
    "nofile", "non", "nor", "not", "nproc", "null", "number", "object", "obsolete", "octet", "of", "old", "on", "one", "only",
    "open", "operation", "option", "options", "or", "order", "other", "out", "override", "parallelism", "parse",
    "parsing", "path", "permission", "permitted", "pid", "pids", "placement", "platform", "please", "port", "ports",
    "positive", "potential", "preferences", "privileged", "process", "profile", "profiles", "project", "propagation",
    "properties", "property", "protocol", "provided", "published", "pull", "pull_policy", "quote", "quoted", "range",
    "read", "read_only", "reading", "rebuild", "recursive", "reference", "referenced", "refers", "remove", "removed",
    "replicas", "required", "requires", "reservations", "reset", "resource", "resources", "restart",
    "restart_policy", "retries", "rollback_config", "same", "scalar", "scale", "schema", "secret", "secrets",
    "section", "security_opt", "select", "separator", "sequence", "service", "service's", "service_completed_successfully",
    "service_healthy", "service_started", "services", "set", "shm_size", "short", "should", "simple", "single",
    "size", "soft", "source", "space", "spaces", "spec", "specified", "ssh", "start", "start_interval", "start_period",
    "started", "starting", "stat", "still", "stop_grace_period", "stream", "string", "strings", "subnet", "subpath", "such",
    "supported", "symlink", "sync", "syntax", "sysctls", "tab", "tabs", "tag", "target", "test", "than", "that",
    "the", "then", "there", "they", "this", "time", "timeout", "times", "tmpfs", "to", "token", "tokens", "too",
    "top", "top-level", "trailing", "true", "type", "ulimits", "undefined", "under", "underscores", "unexpected", "unicode",
    "unique", "unit", "unknown", "unmarshal", "unmarshaling", "unsupported", "until", "update_config", "use", "used",
    "user", "userns_mode", "using", "utf-16", "utf-8", "valid", "validating", "validation", "value", "values", "variable", "variables",
    "version", "via", "volume", "volumes", "volumes_from", "was", "watch", "well", "what", "when", "which", "while",
    "will", "window", "with", "without", "working_dir", "x-pilotpros", "yaml", "you",
});
// clang-format on

}  // namespace pilotpros
