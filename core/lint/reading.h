#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/lint/rule.h"

namespace pilotpros::linting {

/// The last part of an image's path without tag and digest: "n8n" of "docker.n8n.io/n8nio/n8n:1.80.0". Empty when it
/// holds a ${…}.
std::string image_name(const std::string& image);
/// Its tag, also where a digest follows, which is of what the tag was; empty without one, and with a ${…} anywhere.
std::string image_tag(const std::string& image);

/// `command` or `entrypoint` as words: a list as it is, a text split at blanks outside quotes, as Compose does.
std::vector<std::string> words_of(const Json& value);

/// The words of a shell's text, where this is a shell that is given one ("sh -ec TEXT"); nothing where it is not.
std::optional<std::vector<std::string>> shell_words(const Json& command);
/// The words of the command that begins there, up to what ends it for a shell.
std::vector<std::string> one_command(const std::vector<std::string>& words, std::size_t begin);

/// By image or command; n8n in an image of the user's own making by names and what it is told.
bool runs_n8n(const Service& service);
bool runs_postgres(const Service& service);

/// The version of node's own image by its tag, which is the newest of those that were tried where it names none;
/// nothing for another image.
std::optional<long> node_major(const Service& service);

/// The value of an environment variable; nothing when it is not set, has no value here, or holds a ${…}. It may be a
/// secret.
std::optional<std::string> variable_of(const Service& service, const std::string& name);
/// Whether it is set at all.
bool sets_variable(const Service& service, const std::string& name);

/// A whole, not negative number; nothing for everything else.
std::optional<long> whole_number(const std::string& text);

/// "services:\n  NAME:\n" and then the lines, each four blanks in.
std::string service_lines(const std::string& service, const std::vector<std::string>& lines);

}  // namespace pilotpros::linting
