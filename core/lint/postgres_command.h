#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/model/project.h"
#include "core/model/units.h"

namespace pilotpros::linting {

/// The settings that a PostgreSQL's command line gives ("-c name=value", "--name=value", "-N 200"), the last one of a
/// name, also within a shell's text; names in lower case with underscores. Values may hold a ${…}, and secrets.
std::map<std::string, std::string> postgres_settings(const Service& service);

/// Whether its image starts PostgreSQL as the official one does, from the same places.
bool has_official_contract(const Service& service);

/// Of such an image's tag, "17.2-alpine" or "0.8.0-pg17"; 0 for "latest" and all else that does not say.
int postgres_major(const Service& service);

/// Whether its tag goes on to each new version, so that no number is in it: none, "latest", "alpine", or the name of a
/// distribution that is still built. 18 is among these today.
bool has_moving_version(const Service& service);

/// Whether the service's command is PostgreSQL's own or the image's: not a shell or a script, which may do anything.
bool has_plain_postgres_command(const Service& service);

/// A size among settings; `unit`: what a bare number counts. Nothing when it is not there, or is no size.
std::optional<Bytes> memory_setting(const std::map<std::string, std::string>& settings, const char* name,
                                    Bytes unit = 1024);
std::optional<long> count_setting(const std::map<std::string, std::string>& settings, const char* name);

/// hash_mem_multiplier, from 1 to 1000: as set, else the default, which was 1 until 14. `major`: 0 when not known.
double hash_factor(const std::map<std::string, std::string>& settings, int major);

/// Whether a shell's text starts PostgreSQL, with flags that it shows.
bool starts_postgres_by_shell(const Service& service);

/// Where people put a file of settings, or a folder with one, that the official image does not read by itself: in
/// PostgreSQL's own folder of /etc, and a postgresql.conf anywhere but among the data.
bool is_unread_place(const Service& service, const std::string& target);

/// Whether the files show that nothing but flags moves PostgreSQL's defaults: the image is the official one or made of
/// it, and no file of settings is named, mounted (also where nobody reads it yet, which is told and to be mended), or
/// written by initdb.
bool shows_all_settings(const Service& service, const std::map<std::string, std::string>& settings);

}  // namespace pilotpros::linting
