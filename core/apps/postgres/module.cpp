#include "core/apps/postgres/module.h"

#include "core/apps/asking.h"
#include "core/apps/postgres/advise.h"
#include "core/apps/postgres/demand.h"
#include "core/apps/postgres/in_force.h"
#include "core/apps/postgres/questions.h"
#include "core/apps/postgres/verify.h"
#include "core/apps/postgres/watch.h"
#include "core/apps/signs.h"

namespace pilotpros::apps::postgres {

namespace {

std::optional<Recognition> recognise(const Evidence& evidence) {
    static const Signs kSigns{
        "postgres",
        [](const Program& program) { return program.name == "postgres" || program.name == "postmaster"; },
        {"PG_MAJOR", "PGDATA", "POSTGRESQL_VOLUME_DIR"},
        {"POSTGRES_", "POSTGRESQL_"},
        {5432},
        {"postgres", "postgresql", "postgis", "pgvector", "timescaledb"}};
    return weigh(kSigns, evidence);
}

/// Only fixed words: the server's message quotes names.
std::string why_refused(const ExecResult& result) {
    const auto says = [&](const char* words) { return result.error.find(words) != std::string::npos; };
    if (says("password authentication failed") || says("no password supplied")) {
        return "the server wants another password than the container's environment has";
    }
    if (says("Peer authentication failed") || says("Ident authentication failed")) {
        return "the server's peer authentication refuses the container's user";
    }
    if (says("no pg_hba.conf entry")) {
        return "pg_hba.conf admits nobody over the socket";
    }
    if (says("the database system is starting up") || says("not yet accepting connections")) {
        return "the server is still starting";
    }
    if (says("too many clients") || says("remaining connection slots")) {
        return "the server has no connection left";
    }
    if (says("role") && says("does not exist")) {
        return "the container's environment names a role that the database does not have";
    }
    if (says("Is the server running") || says("Connection refused") || says("No such file or directory")) {
        return "no server answers at its socket";
    }
    if (says("psql") && says("not found")) {
        return "the container has no psql";
    }
    return result.exit_code == 2 ? "the server refused the connection" : why_failed(result);
}

std::vector<InsideProgram> begins_with(const Evidence& evidence) {
    return {{"", psql_command(all_questions(), data_directory_of(evidence))}};
}

/// Asks as the container's own user, then as postgres, whom peer authentication lets in.
ExecResult ask_server(Asking& asking, const std::string& sql) {
    const auto command = psql_command(sql, data_directory_of(asking.evidence));
    ExecResult result = run(asking, command);
    if (result.started && result.exit_code == 2) {
        ExecResult again = run(asking, command, kQuestionTimeout, "postgres");
        if (again.started && again.exit_code != 2) {
            return again;
        }
    }
    return result;
}

void add_gaps(const Asking& asking, const std::map<std::string, nlohmann::json>& answers, const Facts& facts,
              const std::string& why, std::vector<Gap>& gaps) {
    const std::pair<const char*, const char*> parts[] = {
        {"settings", "settings of PostgreSQL"},       {"wal_position", "WAL rate of PostgreSQL"},
        {"statistics", "statistics of PostgreSQL"},   {"databases", "sizes of the databases"},
        {"connections", "connections of PostgreSQL"}, {"checkpoints", "checkpoints of PostgreSQL"},
        {"tables", "tables of the database"},         {"extensions", "extensions of the database"}};
    for (const auto& [name, what] : parts) {
        if (!answers.contains(name)) {
            gaps.push_back(gap(asking, what, why));
        }
    }
    if (!facts.superuser && facts.version_number > 0) {
        gaps.push_back(gap(asking, "settings that only a superuser of PostgreSQL sees",
                           "the container's environment names a plain role"));
    }
}

Answers ask(Asking& asking) {
    Answers answers;
    if (const auto why = why_not_running(asking.evidence)) {
        answers.gaps.push_back(gap(asking, "what PostgreSQL says of itself", *why));
        return answers;
    }
    const ExecResult result = ask_server(asking, all_questions());
    const auto said = read_answers(result.output);
    if (said.empty()) {
        answers.gaps.push_back(gap(asking, "what PostgreSQL says of itself",
                                   result.started && !result.timed_out && result.exit_code > 0 ? why_refused(result)
                                   : result.ok() ? "its answer could not be read"
                                                 : why_failed(result)));
        return answers;
    }
    Facts facts = read_facts(said);
    if (!facts.data_directory.empty()) {
        facts.data_lies_on = lies_on(*asking.evidence.container, facts.data_directory);
    }
    add_gaps(asking, said, facts, result.ok() ? "the server did not answer this question" : why_failed(result),
             answers.gaps);
    answers.facts = facts;
    return answers;
}

}  // namespace

std::string data_directory_of(const Evidence& evidence) {
    for (const auto& [process, program] : programs(evidence)) {
        if (program.name != "postgres" && program.name != "postmaster") {
            continue;
        }
        for (std::size_t i = 0; i < program.options.size(); ++i) {
            const std::string& word = program.options[i];
            for (const char* beginning : {"--data-directory=", "--data_directory=", "data_directory=", "-D/"}) {
                if (word.rfind(beginning, 0) == 0) {
                    return word.substr(std::string{beginning}.size() - (beginning[1] == 'D' ? 1 : 0));
                }
            }
            if (word == "-D" && i + 1 < program.options.size()) {
                return program.options[i + 1];
            }
        }
    }
    return {};
}

std::optional<Reading> ask_reading(Asking& asking) {
    if (why_not_running(asking.evidence)) {
        return std::nullopt;
    }
    const Reading reading = read_reading(read_answers(ask_server(asking, reading_questions()).output));
    return reading.at > 0 ? std::optional{reading} : std::nullopt;
}

ApplicationModule module() {
    ApplicationModule postgres{"postgres",
                               recognise,
                               ask,
                               {"PG_MAJOR", "PG_VERSION", "PGDATA", "PGPORT", "POSTGRES_DB",
                                "POSTGRES_HOST_AUTH_METHOD", "POSTGRES_INITDB_WALDIR"},
                               [](const nlohmann::json& facts) {
                                   std::vector<std::string> lines = describe(facts.get<Facts>());
                                   const std::vector<std::string> watched = describe_watched(facts);
                                   lines.insert(lines.end(), watched.begin(), watched.end());
                                   return lines;
                               },
                               watch,
                               conclude,
                               demand,
                               advise,
                               verify};
    postgres.reload = [](const nlohmann::json& facts) {
        const auto command = psql_command("SELECT pg_reload_conf()", facts.get<Facts>().data_directory);
        return std::vector<InsideProgram>{{"", command}, {"postgres", command}};
    };
    postgres.not_in_force = not_in_force;
    postgres.begins_with = begins_with;
    postgres.decision = {{"One budget within the service's share of memory: buffers, sorts times what may sort at "
                          "once, maintenance times its workers, "
                          "connections; what does not fit at worst is not written.",
                          "The planner's, WAL's and the log's settings on evidence alone: what spilled, what was "
                          "written, what was seen. Durability is never "
                          "traded, and the user's own -c flags and files stay.",
                          "shm_size for parallel work, stop_grace_period for its checkpoint. The server itself, under "
                          "its limit, has to live with all of it: every page of its buffers touched, and a sort on all "
                          "of max_connections but two at once, with which the trial itself asks. So has a limit that "
                          "comes without settings."},
                         "https://www.postgresql.org/docs/current/runtime-config-resource.html"};
    return postgres;
}

}  // namespace pilotpros::apps::postgres
