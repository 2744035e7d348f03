#pragma once

#include <map>
#include <string>
#include <vector>

namespace pilotpros::apps::nginx {

/// One directive of nginx's configuration, with what its braces hold.
struct Directive {
    std::string name;
    std::vector<std::string> arguments;
    std::vector<Directive> block;
    bool has_block = false;
};

/// The configuration that `nginx -T` printed: includes expanded in place.
struct Configuration {
    std::vector<std::string> files;  ///< paths, in the order printed
    std::vector<Directive> directives;
    bool complete = true;  ///< false when braces did not match, or an included file was not printed
};

/// Takes `nginx -T`'s output apart. Tolerant: quotes, escapes, comments and ${…} as nginx reads them; what is no
/// directive is passed over. Source of the syntax: ngx_conf_read_token in nginx's src/core/ngx_conf_file.c.
Configuration read_configuration(const std::string& output);

/// The directives of one file, includes left as they are. `complete` turns false when braces do not match.
std::vector<Directive> read_directives(const std::string& text, bool& complete);

}  // namespace pilotpros::apps::nginx
