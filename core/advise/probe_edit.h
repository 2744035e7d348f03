#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/advise/probe_words.h"

namespace pilotpros {

/// The same test with one word put in place of another, or words put behind one; all else stays as it is, letter by
/// letter.
nlohmann::json with_word(const Probe& probe, std::size_t index, const std::string& raw);
nlohmann::json with_words_after(const Probe& probe, std::size_t index, const std::vector<std::string>& words);

/// The same behind `exec`, without the `|| exit 1` that is then never reached; nothing where it is so already, is not
/// one command of a shell, or is run by what would stay (timeout) or cannot be told from here (assignments).
std::optional<nlohmann::json> behind_exec(const Probe& probe);

/// Whether a shell runs its program as a child, which is left behind when the shell alone is killed. Of one command,
/// bash and busybox's sh (Alpine) become it: tried with 5.2 and 1.35; dash (Debian) does not: tried with 0.5.12. What
/// timeout ends, the engine need not. `image`: the reference of the service's, which tells Alpine.
bool leaves_child(const Probe& probe, const std::string& image);

/// What a list after CMD is meant to be where it is written as for a shell, and none reads it: ["CMD", "curl -f
/// http://…"] names a program that does not exist, ["CMD", "curl", …, "||", "exit", "1"] hands || to curl. Nothing
/// where it is not so, or where it is a shell that is called.
std::optional<Probe> meant_for_shell(const Probe& probe);

/// What comes of it where a whole line is the program's name.
inline constexpr const char* kNeverPasses =
    "it can never pass: whoever waits for the service to be healthy waits for ever";

/// Every place in the test's words where localhost stands for the machine itself, made 127.0.0.1; nothing when there is
/// none.
std::optional<nlohmann::json> without_localhost(const Probe& probe);

/// Whether a pg_isready in it names no host: it goes over the socket unless PGHOST says otherwise.
bool asks_over_socket(const Probe& probe);

/// The same of a service as Compose resolves it: PGHOST and the words behind a ${…} count. `probe`: what is asked where
/// the files have no test, the image's.
bool service_asks_over_socket(const nlohmann::json& resolved, const Probe& probe);

/// Whether it asks localhost by a URL, or by HTTP without one, also where it is not understood. What other programs
/// make of the name alone is another matter: libpq and hiredis try every address, to mysqladmin it is the socket. The
/// host that is asked counts, not what a header or a query has, nor where IPv4 alone is asked for (curl -4).
bool asks_localhost(const Probe& probe);

/// Whether ::1 is switched off in a service, as Compose resolves it, so that localhost is 127.0.0.1 alone.
bool has_no_ipv6(const nlohmann::json& resolved);

/// Whether all that asks there goes on to 127.0.0.1 where nothing answers at ::1: curl, Python's create_connection and
/// libpq do. Busybox's wget does not, and of a program of the user's own it is not known.
bool tries_every_address(const Probe& probe);

/// What asking localhost leads to where it does.
std::string tries_in_vain(const Probe& probe);

}  // namespace pilotpros
