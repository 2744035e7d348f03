#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/sys/files.h"

namespace pilotpros {

/// One step of a transaction: announced before it is done ("intent"), and again when it is done ("done").
struct JournalRecord {
    std::string step, state;
    std::string detail;  ///< what the step brought about, as far as going on needs it; never a secret
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JournalRecord, step, state, detail)

/// The write-ahead record of one transaction. Each record is on the disk before the step that it announces is done: the
/// few kilobytes are replaced as a whole, so there is no torn end, and a hash finds other damage. What is needed to
/// undo lies in the snapshot beside it, which is complete before the journal begins.
class Journal {
  public:
    enum class Phase {
        kNone,          ///< nothing was begun: there is no journal
        kApplying,      ///< begun, neither committed nor undone: what was done is to be undone exactly
        kApplied,       ///< committed
        kUndoing,       ///< a committed one is being rolled back
        kUndoingFiles,  ///< the files of a committed one are being put back, and nothing else
        kFilesUndone,   ///< they are; its containers were left as they were
        kUndone,        ///< taken back
    };

    /// Reads what is there. Throws Error (kRefused) when it is damaged or of a later version.
    Journal(Files& files, Path file);

    void intend(const std::string& step, const std::string& detail = {});
    void done(const std::string& step, const std::string& detail = {});

    [[nodiscard]] Phase phase() const;
    /// Begun and not finished: what the next command does first.
    [[nodiscard]] bool pending() const {
        return phase() == Phase::kApplying || phase() == Phase::kUndoing || phase() == Phase::kUndoingFiles;
    }
    [[nodiscard]] const std::vector<JournalRecord>& records() const { return records_; }
    /// The last of these steps that was done; null when there is none.
    [[nodiscard]] const JournalRecord* last_done(const std::string& step) const;

    // The steps that decide the phase.
    static constexpr const char* kCommit = "commit";
    static constexpr const char* kUndo = "undo";
    static constexpr const char* kUndoFiles = "undo files";

  private:
    void add(JournalRecord record);

    Files& files_;
    Path file_;
    std::vector<JournalRecord> records_;
};

}  // namespace pilotpros
