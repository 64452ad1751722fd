// Signals of every kind, each of which must come as if nobody traced.
static char answer[1024];
static volatile long alarms, values, traps, faults;
static sigjmp_buf back;

QUIET static void say(const char *what, long value) {
    size_t used = strlen(answer);
    snprintf(answer + used, sizeof answer - used, "%s=%ld ", what, value);
}

EACH static void on_alarm(int number) {
    (void)number;
    alarms++;
}
EACH static void on_value(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    values += info->si_value.sival_int;
}
EACH static void on_trap(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    traps += info->si_code == SI_TKILL || info->si_code == SI_USER ? 1 : 100;
}
EACH static void on_fault(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    faults++;
    // The page is made whole, and the instruction tried again.
    mprotect((void *)((unsigned long)info->si_addr & ~4095UL), 4096, PROT_READ | PROT_WRITE);
}
EACH static void on_deep_fault(int number) {
    (void)number;
    siglongjmp(back, 1);
}
EACH static long spin(long x) { return x * 5 + 1; }

QUIET static void handler(int number, void (*action)(int, siginfo_t *, void *), int flags) {
    struct sigaction how = {.sa_sigaction = action, .sa_flags = SA_SIGINFO | flags};
    sigaction(number, &how, NULL);
}

EACH static void *cancelled(void *unused) {
    (void)unused;
    for (;;) pause();
}

EACH static void hidden(void) { __asm__ volatile(""); }

EACH void init(void) {
    // Interrupts all the way.
    signal(SIGALRM, on_alarm);
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    volatile long x = 0;
    while (alarms < 40) x = spin(x);
    setitimer(ITIMER_REAL, &never, NULL);
    say("alarms", alarms >= 40);

    // Real-time signals queue, and carry a value.
    handler(SIGRTMIN + 1, on_value, 0);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 1; i <= 3; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i});
    sigprocmask(SIG_SETMASK, &old, NULL);
    say("values", values);

    // glibc's own, between threads.
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, cancelled, NULL);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    say("cancelled", result == PTHREAD_CANCELED);

    // Traps of the program's own.
    // SA_NODEFER: a breakpoint that is hit while SIGTRAP is blocked has the kernel take the handler away.
    handler(SIGTRAP, on_trap, SA_NODEFER);
    raise(SIGTRAP);
#if defined(__x86_64__)
    __asm__ volatile("int3");
#else
    traps += 100;
#endif
    say("traps", traps);

    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handler(SIGSEGV, on_fault, 0);
    page[5] = 1;
    say("faults", faults + page[5]);
    signal(SIGSEGV, on_deep_fault);
    if (sigsetjmp(back, 1) == 0) *(volatile int *)8 = 1;
    say("deep-fault", 1);

    // Children that stop, go on, and die.
    int go[2];
    char word = 0;
    if (pipe(go) != 0) return 1;
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        // Not before the parent has heard that it goes on: of a child that has ended, only the end is heard.
        if (read(go[0], &word, 1) != 1) _exit(20);
        _exit(21);
    }
    int status = 0;
    waitpid(child, &status, WUNTRACED);
    say("stopped", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    struct timespec moment = {0, 20000000};
    nanosleep(&moment, NULL);
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    FILE *stat = fopen(path, "r");
    if (stat && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1) say("stays-stopped", state == 'T' || state == 't');
    if (stat) fclose(stat);
    kill(child, SIGCONT);
    pid_t heard = 0;
    for (int round = 0; round < 200 && heard == 0; round++) {
        heard = waitpid(child, &status, WCONTINUED | WNOHANG);
        nanosleep(&moment, NULL);
    }
    say("continued", heard == child && WIFCONTINUED(status));
    if (write(go[1], &word, 1) != 1) return 1;
    waitpid(child, &status, 0);
    say("exited", WEXITSTATUS(status));
    child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile int *)8 = 1;
    }
    waitpid(child, &status, 0);
    say("killed", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
    child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    kill(child, SIGRTMIN + 3);
    waitpid(child, &status, 0);
    say("killed-by-real-time", WIFSIGNALED(status) && WTERMSIG(status) == SIGRTMIN + 3);

    // From here on nobody may look into this process who does not look already.
    prctl(PR_SET_DUMPABLE, 0);
    hidden();
    prctl(PR_SET_DUMPABLE, 1);
}

EACH const char *handle(void) { return answer; }
