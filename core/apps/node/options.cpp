#include "core/apps/node/options.h"

#include <algorithm>
#include <set>
#include <utility>

namespace pilotpros::apps::node {

std::vector<std::string> split_node_options(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char letter = text[i];
        if (letter == '\\' && quoted && i + 1 < text.size()) {
            word.push_back(text[++i]);
        } else if (letter == '"') {
            quoted = !quoted;
        } else if (letter == ' ' && !quoted) {
            if (!word.empty()) {
                words.push_back(std::exchange(word, {}));
            }
        } else {
            word.push_back(letter);
        }
    }
    if (!word.empty()) {
        words.push_back(word);
    }
    return words;
}

Options read_options(const std::vector<std::string>& words) {
    static const std::set<std::string> kHeap{"--max-old-space-size",     "--max-old-space-size-percentage",
                                             "--max-semi-space-size",    "--min-semi-space-size",
                                             "--max-heap-size",          "--initial-heap-size",
                                             "--initial-old-space-size", "--semi-space-growth-factor"};
    Options options;
    for (const std::string& word : words) {
        const auto equals = word.find('=');
        std::string name = word.substr(0, equals);
        if (name.size() < 2 || name.front() != '-' || name.size() > 64) {
            continue;
        }
        std::replace(name.begin(), name.end(), '_', '-');
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") !=
            std::string::npos) {
            continue;
        }
        const std::string value = equals == std::string::npos ? std::string{} : word.substr(equals + 1);
        const bool numeric =
            !value.empty() && value.size() < 16 && value.find_first_not_of("0123456789.") == std::string::npos;
        if (kHeap.contains(name) && numeric) {
            options.heap.push_back(name.append("=").append(value));
        } else if (std::find(options.names.begin(), options.names.end(), name) == options.names.end()) {
            options.names.push_back(name);
        }
    }
    return options;
}

}  // namespace pilotpros::apps::node
