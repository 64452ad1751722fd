// Compiled with -finstrument-functions: the compiler has each function say when it is entered. That is the judge's list.
static void *seen[256];
static int count;

QUIET void __cyg_profile_func_enter(void *function, void *caller) {
    (void)caller;
    for (int i = 0; i < count; i++)
        if (seen[i] == function) return;
    seen[count++] = function;
    // Against main, whose link-time address is in the symbol table.
    fprintf(stderr, "entered %ld\n", (long)((char *)function - (char *)main));
}

QUIET void __cyg_profile_func_exit(void *function, void *caller) {
    (void)function;
    (void)caller;
}

EACH static int leaf(int x) { return x + 1; }
EACH static int never(int x) { return x - 1; }
EACH static int recursive(int x) { return x == 0 ? leaf(0) : recursive(x - 1) + 1; }
EACH static int by_pointer(int x) { return leaf(x) * 2; }
EACH static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
EACH static void on_signal(int number) { (void)number; }
EACH static int only_in_event(int x) { return recursive(x); }
EACH static void last(void) {}

__attribute__((constructor)) static void before_main(void) {}

static int (*volatile table[2])(int) = {by_pointer, never};

EACH void init(void) {
    int numbers[] = {3, 1, 2};
    recursive(5);
    recursive(5);
    qsort(numbers, 3, sizeof *numbers, compare);
    table[0](7);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    leaf(1);
}

EACH const char *handle(void) {
    static char answer[32];
    snprintf(answer, sizeof answer, "%d", only_in_event(3));
    last();
    return answer;
}
