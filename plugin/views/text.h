#pragma once

#include <string>
#include <string_view>

namespace pilotpros {

/// The text without anything that a terminal would obey or that breaks a line: control characters and invalid UTF-8
/// become "?". Whatever came from a file, the engine or a container goes through this before it is printed.
std::string printable(std::string_view text);
/// The same, ended.
std::string printable_line(std::string_view text);

/// Terminal cells that printable text takes: combining marks none, wide East Asian characters two.
int cells(std::string_view text);

/// At most `width` cells; the middle is left out, since both ends of a name tell more than its middle.
std::string elide(const std::string& text, int width);

/// Breaks one line at blanks so that none is wider than `width`; the ones that follow begin with `indent` blanks. No
/// width (0): as it is. Ended.
std::string wrap(const std::string& line, int width, int indent);

}  // namespace pilotpros
