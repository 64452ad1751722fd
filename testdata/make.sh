#!/bin/sh
# Makes testdata/packages again: `testdata/make.sh`, from anywhere, in about five minutes.
#
# Needs cargo with rustc 1.95, python3, gcc, unzip and rust-objcopy (comes with rustc); for arm64.zip also apt-get and
# dpkg-deb of a Debian 12, from whose archive it takes a rustc with an arm64 std (downloaded and unpacked, not installed).
# cargo-lambda goes into a virtual environment in the work folder. Nothing outside the work folder and testdata/packages
# is written. A package whose unpacked content came out as before is left alone, so a second run changes nothing.
set -eu

cargo_lambda=1.9.2
ziglang=0.17.1

testdata=$(cd "$(dirname "$0")" && pwd)
packages=$testdata/packages
# A fixed place and not a random one: cargo hashes the path of a workspace into the names of its symbols.
work=${LAMBDA_SLIM_MAKE_DIR:-/tmp/lambda-slim-testdata}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# Not --target-dir: cargo-lambda 1.9.2 hands that on to `cargo metadata`, which has no such option.
export CARGO_TARGET_DIR="$work/target"
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS

# Replaces packages/$2 by the zip $1 unless both unpack to the same bytes.
keep() {
    if [ -f "$packages/$2" ] && [ "$(unzip -p "$1" | sha256sum)" = "$(unzip -p "$packages/$2" | sha256sum)" ]; then
        echo "$2: same content, left alone"
    else
        cp "$1" "$packages/$2"
        echo "$2: $(wc -c < "$packages/$2") bytes"
    fi
}

# Fails if file $1 holds a path of this machine.
clean() {
    if strings -a "$1" | grep -F -e "$work" -e "$testdata" -e "$cargo_home" -e "$HOME/"; then
        echo "$1 holds paths of this machine" >&2
        exit 1
    fi
}

# Builds `hello` with cargo-lambda in a copy of the functions whose release profile ends with the lines $2; $1 names it.
hello() {
    rm -rf "$work/functions"
    cp -R "$testdata/functions" "$work/functions"
    rm -rf "$work/functions/target"
    printf '%b' "$2" >> "$work/functions/Cargo.toml"
    # By --config and not by RUSTFLAGS: cargo-lambda passes its own target-cpu by --config, which RUSTFLAGS would silence.
    (cd "$work/functions" && "$work/venv/bin/cargo-lambda" lambda build --release --locked --output-format zip \
        --compiler cargo --package hello --lambda-dir "$work/lambda/$1" \
        --config "build.rustflags = [\"--remap-path-prefix=$cargo_home=/build/cargo\",
            \"--remap-path-prefix=$work/functions=/build/functions\", \"--remap-path-prefix=$work/target=/build/target\"]")
    unzip -p "$work/lambda/$1/hello/bootstrap.zip" bootstrap > "$work/bootstrap"
    clean "$work/bootstrap"
    keep "$work/lambda/$1/hello/bootstrap.zip" "$1.zip"
}

# `cargo metadata` for the build of `hello`, with the same neutral paths as in the binary.
metadata() {
    (cd "$work/functions" && cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu \
        --manifest-path hello/Cargo.toml) |
        sed -e "s|$work/functions|/build/functions|g" -e "s|$work/target|/build/target|g" -e "s|$cargo_home|/build/cargo|g" |
        # Compact, and without what no tool needs to say who owns a byte.
        python3 -c '
import json, sys
metadata = json.load(sys.stdin)
for package in metadata["packages"]:
    for key in ["authors", "categories", "keywords", "readme", "documentation", "homepage", "repository", "description"]:
        package[key] = [] if isinstance(package[key], list) else None
    package["metadata"] = None
    package["targets"] = [t for t in package["targets"] if not {"example", "test", "bench"} & set(t["kind"])]
    package["dependencies"] = [d for d in package["dependencies"] if d["kind"] != "dev"]
print(json.dumps(metadata, separators=(",", ":"), sort_keys=True))
' > "$work/metadata.json"
    clean "$work/metadata.json"
    cp "$work/metadata.json" "$packages/$1"
    echo "$1: $(wc -c < "$packages/$1") bytes"
}

# Downloads package $1 from Debian 12 into the work folder and unpacks it under $work/debian/root.
debian() {
    (cd "$work/debian" && rm -f "${1%%:*}"_*"${1##*:}.deb" &&
        apt-get -qq -c "$work/debian/apt.conf" download "$1" && dpkg-deb -x "${1%%:*}"_*"${1##*:}.deb" root)
}

arm64() {
    mkdir -p "$work/debian/root" "$work/debian/lists/partial" "$work/debian/cache"
    keys='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    cat > "$work/debian/sources.list" <<LIST
deb $keys http://deb.debian.org/debian bookworm main
deb $keys http://deb.debian.org/debian-security bookworm-security main
LIST
    cat > "$work/debian/apt.conf" <<CONF
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "root";
Dir::Etc::sourcelist "$work/debian/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$work/debian/lists";
Dir::Cache "$work/debian/cache";
CONF
    apt-get -qq -c "$work/debian/apt.conf" update
    std=$(apt-cache -c "$work/debian/apt.conf" depends rustc-web:amd64 | sed -n 's/.*Depends: \(libstd-rust-web-dev\).*/\1/p')
    library=$(apt-cache -c "$work/debian/apt.conf" depends "$std:amd64" | sed -n 's/.*Depends: \(libstd-rust-web-[0-9.]*\).*/\1/p')
    llvm=$(apt-cache -c "$work/debian/apt.conf" depends "$library:amd64" | sed -n 's/.*Depends: \(libllvm[0-9]*\).*/\1/p')
    for package in rustc-web:amd64 "$library:amd64" "$llvm:amd64" "$std:arm64"; do
        debian "$package"
    done

    # zig links against the glibc of provided.al2023, as `cargo lambda build --arm64` does.
    cat > "$work/debian/linker" <<LINKER
#!/bin/sh
exec "$work/venv/bin/python" -m ziglang cc -target aarch64-linux-gnu.2.34 "\$@"
LINKER
    chmod +x "$work/debian/linker"
    LD_LIBRARY_PATH=$work/debian/root/usr/lib/x86_64-linux-gnu "$work/debian/root/usr/bin/rustc" --edition 2021 \
        --target aarch64-unknown-linux-gnu -C linker="$work/debian/linker" -C opt-level=z -C lto=fat -C codegen-units=1 \
        -C panic=abort --remap-path-prefix="$testdata=/build" "$testdata/arm64/bootstrap.rs" -o "$work/debian/bootstrap"
    # Afterwards and not by -C strip=debuginfo: zig takes that to mean all symbols.
    LD_LIBRARY_PATH=$(rustc --print sysroot)/lib "$(rustc --print target-libdir)/../bin/rust-objcopy" --strip-debug "$work/debian/bootstrap" "$work/bootstrap"
    clean "$work/bootstrap"
    python3 - "$work/bootstrap" "$work/arm64.zip" <<'PYTHON'
import sys, zipfile
entry = zipfile.ZipInfo("bootstrap", (2026, 1, 1, 0, 0, 0))
entry.create_system, entry.external_attr, entry.compress_type = 3, 0o100755 << 16, zipfile.ZIP_DEFLATED
with zipfile.ZipFile(sys.argv[2], "w") as package:
    package.writestr(entry, open(sys.argv[1], "rb").read())
PYTHON
    keep "$work/arm64.zip" arm64.zip
}

mkdir -p "$work" "$packages"
if [ ! -x "$work/venv/bin/cargo-lambda" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet "cargo-lambda==$cargo_lambda" "ziglang==$ziglang"
fi
hello hello-cargo-lambda ''
hello hello-unstripped '\n[profile.release]\nstrip = "none"\n'
metadata hello-unstripped.metadata.json
arm64
