#include "core/advise/registry.h"

#include "core/advise/data.h"
#include "core/advise/development.h"
#include "core/advise/exposure.h"
#include "core/advise/healthcheck.h"
#include "core/advise/limits.h"
#include "core/advise/logging.h"
#include "core/advise/pools.h"

namespace pilotpros {

const std::vector<Advisor>& advisors() {
    static const std::vector<Advisor> kAdvisors{
        {"limits",
         "memory, CPU, processes and descriptors",
         advise_limits,
         {{"Memory: what was seen to be needed and could not be given back, with room for what few looks may have "
           "missed, within one "
           "budget for the machine; swap goes with it. The user's own limit is kept unless it is harmful.",
           "CPU: no quota where there is none, since bursts would wait while CPUs are idle; twice the weight for what "
           "others depend on "
           "where a rival was seen to take half of the CPUs; a quota that throttles is argued with.",
           "Processes: four times the most seen, at least 512, a power of two. Descriptors: only where less is set "
           "than the program needs. Locked memory (memlock): told where Elasticsearch or OpenSearch is to lock its "
           "heap "
           "and may not."},
          "https://docs.docker.com/engine/containers/resource_constraints/"}},
        {"healthcheck",
         "probes that exist, answer, and are asked at the right time",
         advise_healthcheck,
         {{"A test of the user's stays but for what is wrong with it: a command that the image has not, localhost, "
           "pg_isready over the "
           "socket. A service without one gets one that is proven on it, where there is such a one.",
           "start_interval and start_period together: the first by what a probe takes, the second above twice the "
           "slowest start seen.",
           "interval and timeout stay unless the fastest probe takes a fifth of the interval, or the slowest nine "
           "tenths of the timeout."},
          "https://docs.docker.com/reference/compose-file/services/#healthcheck"}},
        {"logging",
         "rotation of logs that grow without bound",
         advise_logging,
         {{"json-file keeps everything unless max-size is set: three files that hold a day of what was written while "
           "it was measured.",
           "Another driver, rotation by the user or by the daemon, and the user's own options stay.",
           "A file of 10, 30 or at most 100 MiB; where nothing was measured 10 MiB, and it says so."},
          "https://docs.docker.com/engine/logging/drivers/json-file/"}},
        {"data",
         "data that lies where the next container does not find it",
         advise_data,
         {{"Whatever lies in a container's writable layer counts as data unless it is known to be made again.",
           "A database on a volume without a name, or beside the volume that was meant for it, is an error.",
           "Nothing is moved: the commands that copy it out are told, and the service is left alone until then."},
          "https://docs.docker.com/engine/storage/drivers/#container-and-layers"}},
        {"exposure",
         "ports that are open wider than needed",
         advise_exposure,
         {{"A database, a cache or a debugger that the machine publishes on every interface is told.",
           "Docker's rules come before those of a firewall like ufw, which does not see such a port.",
           "Who uses the port is not known: the lines that close it are told, not written."},
          "https://docs.docker.com/engine/network/packet-filtering-firewalls/#docker-and-ufw"}},
        {"development",
         "development servers in production",
         advise_development,
         {{"A development server is told where production is meant: the user says so, the service says so itself "
           "(NODE_ENV), or it is "
           "published on every interface.",
           "In what is said to be development (x-pilotpros: environment) nothing is found.",
           "Vite, nodemon, Django's runserver and their like are known by their processes and commands."},
          "https://vite.dev/guide/build.html"}},
        {"pools",
         "connections that services may open, against what their database takes",
         advise_pools,
         {{"Pools that are known, n8n's for one, times their containers, against max_connections less the reserved "
           "ones.",
           "Only what is known is counted, so that it says: at least so many. Who waits for the database without "
           "saying "
           "how many connections it opens is named.",
           "Nothing is written: which side is to give way is the user's."},
          "https://www.postgresql.org/docs/current/runtime-config-connection.html"}},
    };
    return kAdvisors;
}

}  // namespace pilotpros
