// Threads that call the same functions at the same moment, and processes that are made in every way there is.
#define MANY 64
#define THREADS 8
#define F(n) EACH static long f##n(long x) { __asm__ volatile(""); return x * 3 + n; }
#define R4(m, a) m(a##0) m(a##1) m(a##2) m(a##3)
#define R16(m, a) R4(m, a##0) R4(m, a##1) R4(m, a##2) R4(m, a##3)
#define NAME(n) f##n,
R16(F, 1) R16(F, 2) R16(F, 3) R16(F, 4)
static long (*volatile functions[MANY])(long) = {R16(NAME, 1) R16(NAME, 2) R16(NAME, 3) R16(NAME, 4)};

static pthread_barrier_t barrier;

EACH static void *run(void *unused) {
    (void)unused;
    long sum = 0;
    for (int i = 0; i < MANY; i++) {
        pthread_barrier_wait(&barrier);
        sum = functions[i](sum) % 1000003;
    }
    return (void *)sum;
}

EACH static long in_fork(void) { return 7; }
EACH static long in_grandchild(void) { return 8; }
EACH static int in_clone(void *unused) {
    (void)unused;
    return 5;
}
EACH static void *executes(void *path) {
    char *arguments[] = {"program", "again", NULL};
    execv(path, arguments);
    _exit(4);
}
EACH static void executed_again(void) { _exit(3); }

static char answer[512];

QUIET static void say(const char *what, long value) {
    size_t used = strlen(answer);
    snprintf(answer + used, sizeof answer - used, "%s=%ld ", what, value);
}

QUIET static long status_of(pid_t child) {
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

__attribute__((constructor)) static void again(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "again") == 0) executed_again();
}

EACH void init(void) {
    pthread_barrier_init(&barrier, NULL, THREADS);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, run, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *sum;
        pthread_join(threads[i], &sum);
        say("thread", (long)sum);
    }
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) _exit((int)in_grandchild());
        _exit((int)(in_fork() + 10 * status_of(grandchild)));
    }
    say("fork", status_of(child));
    // The parent has not called it: its own breakpoint is still there.
    say("fork-again", in_fork());
    char *arguments[] = {"sh", "-c", "exit 6", NULL};
    posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ);
    say("spawn", status_of(child));
    child = vfork();
    if (child == 0) _exit(11);
    say("vfork", status_of(child));
    static char stack[65536];
    child = clone(in_clone, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
    say("clone", status_of(child));
    say("system", system("true"));
    // A process whose second thread becomes another program: this one again.
    child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, executes, "/proc/self/exe");
        for (;;) pause();
    }
    say("exec-in-thread", status_of(child));
}

EACH const char *handle(void) { return answer; }
