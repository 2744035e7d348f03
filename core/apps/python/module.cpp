#include "core/apps/python/module.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/apps/asking.h"
#include "core/apps/python/facts.h"
#include "core/apps/signs.h"
#include "core/docker/json.h"

namespace pilotpros::apps::python {

namespace {

constexpr const char* kAskVersion =
    "import sys, json; print(json.dumps({'version': '.'.join(map(str, sys.version_info[:3]))}))";

/// Servers that are Python programs, whichever way they are started.
const std::set<std::string>& servers() {
    static const std::set<std::string> kNames{"gunicorn", "uvicorn", "hypercorn", "daphne",  "waitress-serve", "uwsgi",
                                              "celery",   "flask",   "django",    "granian", "http.server"};
    return kNames;
}

std::string server_of(const Program& program) {
    const std::string name = interpreter_of(program.name) == "python" ? base_name(program.script) : program.name;
    if (name == "manage.py") {
        return "django";
    }
    return servers().contains(name) ? name : "plain";
}

/// Programs that only look after others.
bool is_supervisor(const Program& program) {
    const std::string name = base_name(program.script);
    return name == "supervisord" || name == "patroni" || name == "circusd";
}

bool is_python(const Program& program) {
    return (interpreter_of(program.name) == "python" && !is_supervisor(program)) ||
           (servers().contains(program.name) && program.name != "http.server" && program.name != "django");
}

std::optional<Recognition> recognise(const Evidence& evidence) {
    static const Signs kSigns{
        "python", is_python, {"PYTHON_VERSION", "PYTHON_SHA256"}, {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"},
        {},       {"python"}};
    return weigh(kSigns, evidence);
}

int workers_of(const Program& program) {
    const auto read = [](const std::string& text) {
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} && end == text.data() + text.size() && value > 0 && value < 10'000 ? value : 0;
    };
    const auto& words = program.script.empty() ? program.options : program.arguments;
    for (std::size_t i = 0; i < words.size(); ++i) {
        for (const char* option : {"--workers", "-w", "--concurrency", "--processes"}) {
            const std::string name = option;
            if (words[i] == name && i + 1 < words.size()) {
                return read(words[i + 1]);
            }
            if (words[i].rfind(name + "=", 0) == 0) {
                return read(words[i].substr(name.size() + 1));
            }
        }
        if (words[i].rfind("-w", 0) == 0 && words[i].size() > 2 && read(words[i].substr(2)) > 0) {
            return read(words[i].substr(2));
        }
    }
    return 0;
}

Answers ask(Asking& asking) {
    Answers answers;
    Facts facts;
    std::vector<std::pair<const ContainerProcess*, Program>> running;
    for (auto& one : programs(asking.evidence)) {
        if (is_python(one.second)) {
            running.push_back(std::move(one));
        }
    }
    Program program;
    if (running.empty()) {
        facts.from_files = true;
        program = asking.evidence.container != nullptr ? program_of(asking.evidence.container->argv) : Program{};
        answers.gaps.push_back(
            gap(asking, "python as it runs",
                why_not_running(asking.evidence).value_or("no process of the container is python's")));
    } else {
        program = running.front().second;
        facts.worker_processes = static_cast<int>(running.size()) - 1;
    }
    facts.server = server_of(program);
    facts.configured_workers = workers_of(program);
    const auto& words = program.script.empty() ? program.options : program.arguments;
    facts.reload = std::any_of(words.begin(), words.end(), [](const auto& word) {
        return word == "--reload" || word == "--debug" || word == "runserver";
    });
    const bool interpreter = interpreter_of(program.name) == "python";
    facts.executable = interpreter ? program.path : "python3";

    ThrowawayRequest request;
    request.image = image_id(asking.evidence);
    if (request.image.empty()) {
        answers.gaps.push_back(gap(asking, "version of python", "the image is not known"));
    } else {
        // -I: nothing of the image's environment or folder takes part.
        request.argv = {facts.executable, "-I", "-c", kAskVersion};
        request.memory = Bytes{256} << 20U;
        std::string why;
        facts.version = text(ask_image(asking, "python 1 " + facts.executable, request, why), "version");
        if (facts.version.empty()) {
            answers.gaps.push_back(
                gap(asking, "version of python", why.empty() ? "a container of the image answered nonsense" : why));
        }
    }
    answers.facts = facts;
    return answers;
}

}  // namespace

std::vector<std::string> describe(const Facts& facts) {
    if (facts.version.empty()) {
        return {};
    }
    std::string line =
        fmt::format("Python {}, {}", facts.version, facts.server == "plain" ? "a program of its own" : facts.server);
    if (facts.configured_workers > 0) {
        line += fmt::format(", {} workers configured", facts.configured_workers);
    }
    line += fmt::format(", {} processes", facts.worker_processes + 1);
    return {facts.reload ? line + ", reloads its source" : line};
}

ApplicationModule module() {
    return {"python",
            recognise,
            ask,
            {"PYTHON_VERSION", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "WEB_CONCURRENCY"},
            [](const nlohmann::json& facts) { return describe(facts.get<Facts>()); }};
}

}  // namespace pilotpros::apps::python
