/* Answers every connection on port 7000 with one HTTP answer. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop(int number) {
    (void)number;
    _exit(0);
}

int main(void) {
    /* As PID 1 it has no default action for these. */
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    signal(SIGPIPE, SIG_IGN);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7000), .sin_addr = {htonl(INADDR_ANY)}};
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0)
        return EXIT_FAILURE;
    static const char answer[] = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 7\r\nconnection: close\r\n\r\nbeacon\n";
    for (;;) {
        const int peer = accept(listener, NULL, NULL);
        if (peer < 0)
            continue;
        char request[1024];
        if (read(peer, request, sizeof request) > 0)
            (void)!write(peer, answer, strlen(answer));
        close(peer);
    }
}
