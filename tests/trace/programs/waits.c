// An init that waits for everything that there is to wait for, and a thread that does nothing all the time.
#include <netdb.h>
#include <poll.h>

static void *idle(void *barrier) {
    pthread_barrier_wait(barrier);
    for (;;) pause();
}

// Plainly, or with flags as an event loop does it.
static void to(const char *name, const char *port, int flags) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(name, port, &hints, &found);
    if (error) {
        printf("%s: %s\n", name, gai_strerror(error));
        fflush(stdout);
        return;
    }
    int s = socket(AF_INET, SOCK_STREAM | flags, 0);
    if (connect(s, found->ai_addr, found->ai_addrlen) != 0 && errno == EINPROGRESS) {
        struct pollfd wanted = {s, POLLOUT, 0};
        poll(&wanted, 1, -1);
        socklen_t size = sizeof error;
        getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    close(s);
}

static void sleep_ms(long ms) {
    struct timespec moment = {0, ms * 1000000};
    nanosleep(&moment, NULL);
}

void init(void) {
    pthread_t thread;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, idle, &barrier);
    pthread_barrier_wait(&barrier);
    sleep_ms(120);
    to("One.example.com", "443", 0);
    to("two.example.com", "5432", SOCK_NONBLOCK);
    to("one.example.com", "443", 0);
    to("10.20.30.40", "6379", 0);
    pid_t child = fork();
    if (child == 0) {
        sleep_ms(50);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    // A sleep that is stopped and goes on is one sleep.
    child = fork();
    if (child == 0) {
        kill(getppid(), SIGSTOP);
        sleep_ms(5);
        kill(getppid(), SIGCONT);
        _exit(0);
    }
    sleep_ms(70);
    waitpid(child, NULL, 0);
}

const char *handle(void) {
    sleep_ms(30);
    to("three.example.com", "443", 0);
    return "done";
}
