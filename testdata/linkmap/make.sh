#!/bin/sh
# Makes the maps beside it again: `testdata/linkmap/make.sh`, from anywhere. Needs gcc, binutils with gold, lld and mold.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
gcc -ffunction-sections -fdata-sections -fcommon -c "$here/main.c" "$here/table.c"
objcopy --rename-section .text.odd=".text.with space" main.o
ar rcs libtable.a table.o
for linker in bfd gold lld mold; do
    gcc -fuse-ld=$linker -Wl,-Map="$here/$linker.map" main.o libtable.a -o program
done
