//! Nothing that is traced outlives the one who traces, whatever becomes of him.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lambda_slim::host::BootLimits;

use crate::program::Program;

const TRACES: &str = "survivors::traces_until_it_is_killed";
const CROWD: &str = r#"
EACH void init(void) {
    pthread_t thread;
    if (fork() == 0) for (;;) pause();
    if (fork() == 0) { setsid(); for (;;) pause(); }
    pthread_create(&thread, NULL, (void *(*)(void *))pause, NULL);
    for (;;) pause();
}
const char *handle(void) { return 0; }
"#;

/// Not a test: what the test below starts, in a process of its own, and kills.
#[test]
#[ignore = "started by another test"]
fn traces_until_it_is_killed() {
    let Some(program) = Program::c(CROWD, &[]) else { return };
    let mut limits = BootLimits::default();
    limits.init = Duration::from_secs(600);
    program.trace_in(&[program.file("bootstrap")], "bootstrap", None, limits);
}

/// Processes that have `folder` in their environment.
fn processes(folder: &Path) -> Vec<u32> {
    let mark = folder.as_os_str().as_encoded_bytes();
    let mark = [b"LAMBDA_TASK_ROOT=".as_slice(), mark].concat();
    let pids = fs::read_dir("/proc").expect("Linux").flatten().filter_map(|entry| {
        let environ = fs::read(entry.path().join("environ")).ok()?;
        let pid = entry.file_name().to_str()?.parse().ok()?;
        environ.windows(mark.len()).any(|window| window == mark).then_some(pid)
    });
    pids.collect()
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn nothing_is_left_after_ctrl_c_nor_after_a_kill() {
    for signal in ["-INT", "-KILL"] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o700)).unwrap();
        let mut tracing = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", TRACES])
            .env("TMPDIR", &root)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("it was started", || processes(&root).len() >= 3);
        if tracing.try_wait().unwrap().is_some() {
            return crate::support::skip::skip("a tracer that is killed", "nothing can be traced here");
        }
        let killed = Command::new("kill").arg(signal).arg(tracing.id().to_string()).status();
        assert!(killed.is_ok_and(|status| status.success()), "kill");
        assert!(!tracing.wait().unwrap().success());
        wait_until("processes are left", || processes(&root).is_empty());
        let left = || {
            fs::read_dir(&root).unwrap().flatten().any(|e| e.file_name().to_string_lossy().starts_with("lambda-slim"))
        };
        wait_until("the folder is left", || !left());
    }
}
