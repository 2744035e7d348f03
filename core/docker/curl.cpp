#include "core/docker/curl.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>

#include "core/model/error.h"

// The header's type-checking macros stand in the way of taking the functions' types and names.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

namespace pilotpros {

namespace {

template <typename Function>
void find(void* library, const char* name, Function& into) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what dlsym gives is a function by POSIX's word
    into = reinterpret_cast<Function>(dlsym(library, name));
    if (into == nullptr) {
        throw Error(ExitCode::kInternal, fmt::format("libcurl on this machine has no {}", name),
                    "install libcurl4 7.88 or newer");
    }
}

/// libcurl brings GnuTLS along for LDAP, which is not spoken here. It would set itself up as it is loaded, for 0.8 MB,
/// unless this variable stands (https://www.gnutls.org/manual/html_node/Initialization.html); a libcurl that uses it
/// asks for that by itself. Nothing else of the process runs yet.
void* load_without_gnutls(const char* name) {
    constexpr const char* kVariable = "GNUTLS_NO_IMPLICIT_INIT";
    setenv(kVariable, "1", 1);  // NOLINT(concurrency-mt-unsafe)
    void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    unsetenv(kVariable);  // NOLINT(concurrency-mt-unsafe)
    return library;
}

Curl open_library() {
    void* const library = load_without_gnutls("libcurl.so.4");
    if (library == nullptr) {
        throw Error(ExitCode::kEngineNeeded, "libcurl.so.4 is not installed, so the engine cannot be spoken to",
                    "install it: apt-get install libcurl4");
    }
    decltype(&curl_global_init) global_init = nullptr;
    find(library, "curl_global_init", global_init);
    global_init(CURL_GLOBAL_DEFAULT);
    Curl curl;
    find(library, "curl_easy_init", curl.easy_init);
    find(library, "curl_easy_cleanup", curl.easy_cleanup);
    find(library, "curl_easy_setopt", curl.easy_setopt);
    find(library, "curl_easy_getinfo", curl.easy_getinfo);
    find(library, "curl_easy_strerror", curl.easy_strerror);
    find(library, "curl_easy_escape", curl.easy_escape);
    find(library, "curl_free", curl.free);
    find(library, "curl_slist_append", curl.slist_append);
    find(library, "curl_slist_free_all", curl.slist_free_all);
    find(library, "curl_multi_init", curl.multi_init);
    find(library, "curl_multi_cleanup", curl.multi_cleanup);
    find(library, "curl_multi_setopt", curl.multi_setopt);
    find(library, "curl_multi_add_handle", curl.multi_add_handle);
    find(library, "curl_multi_remove_handle", curl.multi_remove_handle);
    find(library, "curl_multi_perform", curl.multi_perform);
    find(library, "curl_multi_poll", curl.multi_poll);
    find(library, "curl_multi_info_read", curl.multi_info_read);
    return curl;
}

}  // namespace

const Curl& Curl::load() {
    static const Curl kCurl = open_library();
    return kCurl;
}

}  // namespace pilotpros
