#include "core/apply/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "core/model/error.h"
#include "core/observe/profile_store.h"

namespace pilotpros {

namespace {

int number_of(const std::string& id) {
    int number = 0;
    std::from_chars(id.data(), id.data() + id.size(), number);
    return number;
}

}  // namespace

ApplyStore::ApplyStore(Files& files, const Path& state_directory, const std::string& engine, const std::string& project)
    : files_(files),
      name_(project),
      state_(state_directory),
      directory_(state_directory / safe_file_name(engine) / safe_file_name(project)),
      transactions_(directory_ / "transactions") {}

FileLock ApplyStore::lock() {
    constexpr std::chrono::seconds kWait{5};  // an orphan of a killed command ends within it, or has work left to do
    files_.make_private_directory(directory_);
    try {
        return files_.lock_with_children(directory_ / "lock", kWait);
    } catch (const LockHeld& error) {
        throw Error(error.code(),
                    fmt::format("another command works on this project, or what it started does: {}", error.what()),
                    error.hint());
    }
}

std::vector<std::string> ApplyStore::transactions() const {
    std::vector<std::string> ids = files_.list(transactions_);
    std::erase_if(ids, [&](const std::string& id) { return !files_.exists(directory_of(id) / kJournalFile); });
    return ids;
}

std::vector<std::string> ApplyStore::in_phase(Journal::Phase phase) const {
    std::vector<std::string> ids = transactions();
    std::erase_if(ids, [&](const std::string& id) { return journal(id).phase() != phase; });
    return ids;
}

std::optional<Snapshot> ApplyStore::find_snapshot(const std::string& id) const {
    try {
        return snapshot(id);
    } catch (const Error&) {
        if (files_.exists(directory_of(id) / kJournalFile)) {
            throw;
        }
        return std::nullopt;  // the journal goes first
    }
}

std::string ApplyStore::last_begun() const {
    std::vector<std::string> ids = files_.list(transactions_);
    return ids.empty() ? std::string{} : std::move(ids.back());
}

std::string ApplyStore::begin() {
    int last = 0;
    for (const std::string& id : files_.list(transactions_)) {
        last = std::max(last, number_of(id));
    }
    std::string id = fmt::format("{:04}", last + 1);
    files_.make_private_directory(directory_of(id));
    return id;
}

void ApplyStore::sweep() {
    for (const std::string& id : files_.list(transactions_)) {
        if (!files_.exists(directory_of(id) / kJournalFile)) {
            files_.remove_tree(directory_of(id));
        }
    }
}

void ApplyStore::prune(const std::string& id) {
    files_.remove(directory_of(id) / kJournalFile);
    files_.remove_tree(directory_of(id));
}

bool ApplyStore::pruned(const std::string& id) const {
    const std::string last = last_begun();
    return number_of(id) > 0 && number_of(id) < number_of(last) && !files_.exists(directory_of(id) / kJournalFile);
}

void ApplyStore::purge() {
    // Killed in between, nothing that is left half there may look like a transaction.
    for (const std::string& id : transactions()) {
        files_.remove(directory_of(id) / kJournalFile);
    }
    files_.remove_tree(directory_);
    const Path engine = directory_.parent_path();
    std::vector<std::string> others = files_.list(engine);
    std::erase(others, "images");  // answers of images, kept for every project of the engine
    if (others.empty()) {
        files_.remove_tree(engine);
        if (files_.list(state_).empty()) {
            files_.remove(state_);
        }
    }
}

std::vector<std::string> newest_first(std::vector<std::string> ids) {
    std::reverse(ids.begin(), ids.end());
    return ids;
}

std::vector<std::string> to_finish(const ApplyStore& store, Journal::Phase phase,
                                   std::initializer_list<Journal::Phase> settled) {
    std::vector<std::string> ids = store.in_phase(phase);
    if (!ids.empty()) {
        const std::string oldest = ids.front();
        for (const Journal::Phase one : settled) {
            for (std::string& id : store.in_phase(one)) {
                if (id > oldest) {
                    ids.push_back(std::move(id));
                }
            }
        }
        std::sort(ids.begin(), ids.end());
    }
    return newest_first(std::move(ids));
}

}  // namespace pilotpros
