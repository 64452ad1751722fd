//! Compiles the C files and, on x86-64, the assembly into `libtiny.a`.

fn main() {
    let mut build = cc::Build::new();
    build.include("c").file("c/lz.c").file("c/checksum.c").warnings(true);
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        build.file("c/sum_x86_64.S");
    } else {
        build.file("c/sum_portable.c");
    }
    build.compile("tiny");
    println!("cargo::rerun-if-changed=c");
}
