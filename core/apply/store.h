#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/apply/journal.h"
#include "core/apply/snapshot.h"
#include "core/sys/file_lock.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Where a project's transactions lie: STATE/ENGINE/PROJECT/transactions/NNNN/{snapshot.json, journal.json, kept
/// files}, directories 0700, files 0600. The only place of ours that holds secrets: the bytes of the user's files and
/// the containers' environment.
class ApplyStore {
  public:
    ApplyStore(Files& files, const Path& state_directory, const std::string& engine, const std::string& project);

    /// One process at a time, and its children, work on a project. Throws Error (kRefused) when another one does.
    [[nodiscard]] FileLock lock();

    /// Whether anything was ever begun.
    [[nodiscard]] bool used() const { return !files_.list(transactions_).empty(); }
    /// "0001", "0002" …, oldest first: all that have a journal.
    [[nodiscard]] std::vector<std::string> transactions() const;
    [[nodiscard]] std::vector<std::string> in_phase(Journal::Phase phase) const;
    [[nodiscard]] Journal journal(const std::string& id) const { return {files_, directory_of(id) / kJournalFile}; }
    [[nodiscard]] Snapshot snapshot(const std::string& id) const { return read_snapshot(directory_of(id), files_); }
    /// For who reads without the lock: nothing of one that was pruned meanwhile.
    [[nodiscard]] std::optional<Snapshot> find_snapshot(const std::string& id) const;
    /// The last one that was begun, be it before its journal; empty: none ever was.
    [[nodiscard]] std::string last_begun() const;
    [[nodiscard]] Path directory_of(const std::string& id) const { return transactions_ / id; }

    /// A directory for the next transaction. Only with the lock.
    std::string begin();
    /// Takes away what was kept of a transaction before its journal began. Only with the lock.
    void abandon(const std::string& id) { files_.remove_tree(directory_of(id)); }
    /// Takes away what a killed command kept before its journal began: nothing else was done yet. Only with the lock.
    void sweep();
    /// Takes one away for good: from its first step on it is no transaction any more, and what a kill leaves of it is
    /// swept. Only with the lock, and only what no rollback can need.
    void prune(const std::string& id);
    /// Whether there was a transaction of this number that was pruned.
    [[nodiscard]] bool pruned(const std::string& id) const;
    /// Takes away everything that is kept of the project, profiles and lock included, and what held nothing else.
    void purge();
    [[nodiscard]] const std::string& project() const { return name_; }
    [[nodiscard]] const Path& directory() const { return directory_; }

  private:
    Files& files_;
    std::string name_;
    Path state_, directory_, transactions_;
};

/// IDs in the order in which they are undone.
std::vector<std::string> newest_first(std::vector<std::string> ids);

/// Those in `phase`, which was cut short, and all in `settled` that are later: the oldest was announced first, so that
/// they were to go with it. Newest first.
std::vector<std::string> to_finish(const ApplyStore& store, Journal::Phase phase,
                                   std::initializer_list<Journal::Phase> settled);

}  // namespace pilotpros
