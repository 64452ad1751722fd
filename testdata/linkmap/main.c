#include <stdio.h>

static const char *words[] = {"one", "two", "three"};
int helper(int);
int zeros[100];
int common_thing;

int odd(int x) { return x * 3; }

int main(int c, char **v) {
    for (int i = 0; i < 3; i++) printf("%s %d\n", words[i], helper(i) + odd(i));
    return zeros[c] + common_thing;
}
