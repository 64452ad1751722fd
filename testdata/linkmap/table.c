int table[5] = {1, 2, 3, 4, 5};

int helper(int i) { return table[i % 5]; }

int unused_function_with_a_really_long_name_that_wraps(int i) { return i + 1; }

__attribute__((aligned(64))) int used2(int i) { return table[i % 3]; }
