#include "core/apps/programs.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace pilotpros::apps {

namespace {

using Words = std::deque<std::string>;

bool one_of(const std::string& word, std::initializer_list<const char*> list) {
    return std::any_of(list.begin(), list.end(), [&](const char* one) { return word == one; });
}

bool ends_with(const std::string& word, std::string_view end) {
    return word.size() >= end.size() && word.compare(word.size() - end.size(), end.size(), end) == 0;
}

/// Splits a shell's command text at blanks, quotes taken off: enough to see which program comes first.
Words split_command(const std::string& text) {
    Words words;
    std::string word;
    for (const char letter : text) {
        if (letter == '\'' || letter == '"') {
            continue;
        }
        if (letter == ' ' || letter == '\n' || letter == '\t') {
            if (!word.empty()) {
                words.push_back(std::exchange(word, {}));
            }
            continue;
        }
        word.push_back(letter);
    }
    if (!word.empty()) {
        words.push_back(word);
    }
    return words;
}

bool is_assignment(const std::string& word) {
    const auto equals = word.find('=');
    return equals != std::string::npos && equals > 0 && word.front() != '-' &&
           word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == equals;
}

/// What follows the last "&&", ";" or "exec" of a command text is what stays.
Words last_command(Words words) {
    for (std::size_t i = words.size(); i-- > 0;) {
        if (one_of(words[i], {"&&", ";", "||", "exec"}) || ends_with(words[i], ";")) {
            if (i + 1 < words.size()) {
                words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                break;
            }
        }
    }
    return words;
}

/// Takes off one program that only starts another. False when the first word is the program itself.
bool unwrap(Words& words) {
    const std::string name = base_name(words.front());
    if (is_assignment(words.front()) || one_of(name, {"exec", "env", "nohup", "setsid", "nice", "time"})) {
        words.pop_front();
        return true;
    }
    if (one_of(name, {"tini", "tini-static", "docker-init", "dumb-init", "catatonit"})) {
        words.pop_front();
        while (!words.empty() && words.front().front() == '-') {
            const bool end = words.front() == "--";
            words.pop_front();
            if (end) {
                break;
            }
        }
        return true;
    }
    if (one_of(name, {"gosu", "su-exec", "setpriv", "chroot"}) && words.size() > 2) {
        words.pop_front();
        while (!words.empty() && words.front().front() == '-') {
            words.pop_front();
        }
        if (name != "setpriv" && !words.empty()) {
            words.pop_front();
        }
        return true;
    }
    if (one_of(name, {"sh", "bash", "ash", "dash", "zsh"}) && words.size() > 1) {
        words.pop_front();
        while (!words.empty() && words.front().size() > 1 && words.front().front() == '-') {
            const bool command = words.front().find('c') != std::string::npos && words.front()[1] != '-';
            words.pop_front();
            if (command && !words.empty()) {
                // From ps the text is split already; from an argument vector it is one word.
                Words rest;
                for (const std::string& word : words) {
                    const Words parts = split_command(word);
                    rest.insert(rest.end(), parts.begin(), parts.end());
                }
                words = last_command(std::move(rest));
                break;
            }
        }
        return true;
    }
    if ((ends_with(name, ".sh") || name.find("entrypoint") != std::string::npos) && words.size() > 1) {
        words.pop_front();
        return true;
    }
    return false;
}

bool option_takes_word(const std::string& interpreter, const std::string& option) {
    if (interpreter == "node") {
        return one_of(option, {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions",
                               "--env-file"});
    }
    return one_of(option, {"-W", "-X", "-Q"});
}

void read_script(Program& program, Words words, const std::string& interpreter) {
    while (!words.empty()) {
        const std::string word = words.front();
        words.pop_front();
        if (word.size() > 1 && word.front() == '-') {
            program.options.push_back(word);
            if (one_of(word, {"-e", "-p", "-c", "-pe", "--eval", "--print"})) {
                break;
            }
            if (interpreter == "python" && word == "-m" && !words.empty()) {
                program.script = words.front();
                words.pop_front();
                break;
            }
            if (option_takes_word(interpreter, word) && !words.empty()) {
                words.pop_front();
            }
            continue;
        }
        program.script = word;
        break;
    }
    program.arguments.assign(words.begin(), words.end());
}

}  // namespace

std::string base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string{slash == std::string_view::npos ? path : path.substr(slash + 1)};
}

std::string interpreter_of(const std::string& name) {
    if (name == "nodejs") {
        return "node";
    }
    const bool python = name.rfind("python", 0) == 0 && name.find_first_not_of("0123456789.", 6) == std::string::npos;
    return python ? "python" : name;
}

Program program_of(const std::vector<Secret>& argv) {
    Words words;
    for (const Secret& word : argv) {
        if (!word.empty()) {
            words.push_back(word.reveal());
        }
    }
    while (!words.empty() && unwrap(words)) {
    }
    Program program;
    if (words.empty()) {
        return program;
    }
    program.path = words.front();
    program.name = base_name(words.front());
    words.pop_front();
    if (program.name.size() > 1 && program.name.back() == ':') {
        // A title of the program's own making: "nginx: master process nginx -g daemon off;".
        program.name.pop_back();
        program.path = program.name;
    }
    const std::string interpreter = interpreter_of(program.name);
    if (interpreter == "node" || interpreter == "python") {
        read_script(program, std::move(words), interpreter);
    } else {
        program.options.assign(words.begin(), words.end());
    }
    return program;
}

std::vector<const ContainerProcess*> main_processes(const Container* container,
                                                    const std::vector<ContainerProcess>& processes) {
    std::vector<const ContainerProcess*> result;
    const int main = container != nullptr ? container->pid : 0;
    const bool known =
        main > 0 && std::any_of(processes.begin(), processes.end(), [&](const auto& one) { return one.pid == main; });
    std::set<int> inside{main};
    // Parents are older, but their numbers may be higher: repeat until nothing is added.
    for (bool grew = true; grew;) {
        grew = false;
        for (const ContainerProcess& one : processes) {
            grew = (inside.contains(one.parent) && inside.insert(one.pid).second) || grew;
        }
    }
    for (const ContainerProcess& one : processes) {
        if (!known || inside.contains(one.pid)) {
            result.push_back(&one);
        }
    }
    std::stable_partition(result.begin(), result.end(), [&](const auto* one) { return one->pid == main; });
    return result;
}

}  // namespace pilotpros::apps
