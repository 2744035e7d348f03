#include "core/apply/journal.h"

#include <fmt/format.h>

#include <utility>

#include "core/apply/sealed.h"

namespace pilotpros {

Journal::Journal(Files& files, Path file) : files_(files), file_(std::move(file)) {
    if (const auto content = files_.read(file_)) {
        records_ = unseal(*content, file_).get<std::vector<JournalRecord>>();
    }
}

void Journal::intend(const std::string& step, const std::string& detail) { add({step, "intent", detail}); }

void Journal::done(const std::string& step, const std::string& detail) { add({step, "done", detail}); }

void Journal::add(JournalRecord record) {
    std::vector<JournalRecord> records = records_;
    records.push_back(std::move(record));
    files_.write_durably(file_, seal(records), 0600);
    records_ = std::move(records);
}

Journal::Phase Journal::phase() const {
    Phase phase = records_.empty() ? Phase::kNone : Phase::kApplying;
    for (const JournalRecord& record : records_) {
        const bool done = record.state == "done";
        if (record.step == kCommit && done) {
            phase = Phase::kApplied;
        } else if (record.step == kUndo) {
            const bool committed = phase == Phase::kApplied || phase == Phase::kFilesUndone;
            phase = done ? Phase::kUndone : committed ? Phase::kUndoing : phase;
        } else if (record.step == kUndoFiles) {
            phase = done ? Phase::kFilesUndone : Phase::kUndoingFiles;
        }
    }
    return phase;
}

const JournalRecord* Journal::last_done(const std::string& step) const {
    const JournalRecord* found = nullptr;
    for (const JournalRecord& record : records_) {
        if (record.step == step && record.state == "done") {
            found = &record;
        }
    }
    return found;
}

}  // namespace pilotpros
