// A runtime in C: enough of the Runtime API for one event. `init` and `handle` are the program's.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUIET __attribute__((no_instrument_function, noinline))
#define EACH __attribute__((noinline))

void init(void);
/// Its answer.
const char *handle(void);

static int api = -1;

QUIET static void die(const char *what) {
    perror(what);
    _exit(9);
}

QUIET static void send_all(const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t sent = write(api, text, left);
        if (sent < 0) {
            if (errno == EINTR) continue;
            die("write");
        }
        text += sent;
        left -= (size_t)sent;
    }
}

// One response, of fewer bytes than there is room for.
QUIET static void receive(char *into, size_t room) {
    size_t have = 0;
    for (;;) {
        ssize_t got = read(api, into + have, room - 1 - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(0);
        have += (size_t)got;
        into[have] = 0;
        char *body = strstr(into, "\r\n\r\n");
        char *length = strcasestr(into, "content-length:");
        if (body && length && strlen(body + 4) >= (size_t)atoi(length + 15)) return;
    }
}

QUIET int main(void) {
    init();
    char place[64];
    strncpy(place, getenv("AWS_LAMBDA_RUNTIME_API"), sizeof place - 1);
    char *port = strchr(place, ':');
    *port++ = 0;
    // Not htons: an inlined function says that it is entered too, and is none in the program.
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = __builtin_bswap16((unsigned short)atoi(port))};
    inet_pton(AF_INET, place, &address.sin_addr);
    api = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(api, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
    static char text[65536];
    for (;;) {
        send_all("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
        receive(text, sizeof text);
        char *id = strcasestr(text, "lambda-runtime-aws-request-id:") + 31;
        *strchr(id, '\r') = 0;
        const char *answer = handle();
        char request[1024];
        snprintf(request, sizeof request,
            "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", id,
            strlen(answer), answer);
        send_all(request);
        receive(text, sizeof text);
    }
}
