#include "plugin/views/rollback_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/apply/route.h"
#include "plugin/views/text.h"
#include "plugin/views/unified_diff.h"

namespace pilotpros {

namespace {

/// As it is called in the project's folder.
std::string short_name(const std::string& path) {
    const std::size_t ours = path.rfind(std::string{"/"} + kOurFolder + "/");
    return ours == std::string::npos ? Path{path}.filename().string() : path.substr(ours + 1);
}

std::string conflict_text(const Conflict& conflict, bool force, int width) {
    std::string text = wrap(printable(fmt::format("{} {} since we wrote it: {}", conflict.path, conflict.what,
                                                  force ? "your version is kept beside it" : "it is in the way")),
                            width, 2);
    if (conflict.ours && !conflict.theirs.empty()) {
        text += unified_diff(short_name(conflict.path), conflict.ours, conflict.theirs);
    }
    return text;
}

/// What becomes of one service, as one line however long.
std::string way_back_of(const ServicePreviewBack& back) {
    const std::string& name = back.service;
    if (!back.data.empty()) {
        return fmt::format("  {} keeps data in its container's writable layer: {}", name, fmt::join(back.data, ", "));
    }
    if (!back.volumes.empty()) {
        return fmt::format("  {} has other volumes than before: {}", name, fmt::join(back.volumes, "; "));
    }
    switch (back.how.by) {
        case Replacement::By::kNobody:
            return fmt::format("  {} does not run: only its files", name);
        case Replacement::By::kCompose:
        case Replacement::By::kSnapshot:
            break;
    }
    const bool old = back.how.by == Replacement::By::kSnapshot;
    const std::string why = back.how.why.empty() ? "" : fmt::format(" ({})", back.how.why);
    if (back.how.replaced.empty()) {
        return fmt::format("  {} keeps its container, which reads its files again{}", name, why);
    }
    return fmt::format("  {} {}{}: {}", old ? "put back the old container of" : "recreate", name, why,
                       back.away ? words(*back.away) : "for how long it is away is not known");
}

}  // namespace

std::string rollback_as_text(const RollbackPreview& preview, const RollbackRequest& request, bool purge, int width) {
    std::string text;
    const auto add = [&](const std::string& line, int indent) { text += wrap(printable(line), width, indent); };
    if (preview.undone.empty()) {
        add(preview.scope.note.empty() ? "nothing to undo" : fmt::format("nothing to undo: {}", preview.scope.note), 2);
    }
    for (const Conflict& conflict : preview.conflicts) {
        text += conflict_text(conflict, request.force && !preview.scope.part, width);
    }
    if (!preview.undone.empty() && !preview.scope.note.empty()) {
        add(preview.scope.note, 2);
    }
    for (const Snapshot& snapshot : preview.undone) {
        add(fmt::format("{} of {}: {}", snapshot.id, snapshot.taken, fmt::join(snapshot.service_names(), ", ")), 2);
        for (const PathRecord& record : snapshot.paths) {
            if (!preview.scope.part) {
                add(fmt::format("  {} {}", record.before.kind == "absent" ? "remove" : "put back", record.path), 4);
            }
        }
    }
    if (preview.scope.part) {
        add(fmt::format("  only of {}: its part of the files; the rest stays", fmt::join(preview.scope.services, ", ")),
            4);
    }
    for (const ServicePreviewBack& back : preview.services) {
        add(way_back_of(back), 4);
    }
    if (purge) {
        text += "  forget the history, the snapshots and what was measured\n";
    }
    return text;
}

}  // namespace pilotpros
