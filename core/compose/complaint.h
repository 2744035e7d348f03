#pragma once

#include <set>
#include <string>
#include <vector>

namespace pilotpros {

/// Makes Compose's words fit to be shown. They quote the user's files, secrets included: every word that is not known
/// to be harmless becomes "…". Known are Compose's own vocabulary, the given paths, line and column numbers, keys of
/// the files' mappings and names of variables.
class ComplaintCleaner {
  public:
    /// `texts`: the files that Compose read; `paths`: their names and folders.
    ComplaintCleaner(const std::vector<std::string>& texts, std::vector<std::string> paths);

    /// One line of Compose's, cleaned.
    [[nodiscard]] std::string clean(const std::string& line) const;
    /// Standard error of a failed run, as one line: without warnings and what they say, but for the names of variables
    /// that are not set.
    [[nodiscard]] std::string error(const std::string& standard_error) const;
    /// The warnings of a run, cleaned, each once.
    [[nodiscard]] std::vector<std::string> warnings(const std::string& standard_error) const;

  private:
    [[nodiscard]] bool harmless(const std::string& word) const;
    [[nodiscard]] bool known_path(const std::string& word) const;

    std::set<std::string> names_;
    std::vector<std::string> paths_;
};

}  // namespace pilotpros
