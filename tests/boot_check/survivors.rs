//! Nothing that was started outlives the check, whatever becomes of the check. (Every test of `failures` looks for survivors too.)

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::bench::Bench;
use crate::support::skip::skip;

/// Three processes that do not end: one in the bootstrap's group, one in a session of its own, the bootstrap.
const CROWD: &str = "sleep 1000 & setsid sleep 1000 & sleep 1000";

fn crowd() -> Option<Bench> {
    let there = Command::new("setsid").arg("true").status().is_ok_and(|status| status.success());
    if !there {
        skip("processes that leave their group", "no setsid here");
    }
    there.then(|| Bench::shell(CROWD))
}

#[test]
fn a_process_that_left_its_group_is_ended_with_the_rest() {
    if let Some(bench) = crowd() {
        bench.refused(&["--boot-limit", "1"]);
    }
}

#[test]
fn nothing_is_left_after_ctrl_c_nor_after_a_kill() {
    for signal in ["-INT", "-TERM", "-KILL"] {
        let Some(bench) = crowd() else { return };
        let mut check = bench.command(&["--boot-limit", "600"]).stderr(Stdio::null()).spawn().unwrap();
        bench.wait_for_processes(4);
        let killed = Command::new("kill").arg(signal).arg(check.id().to_string()).status();
        assert!(killed.is_ok_and(|status| status.success()), "kill");
        assert!(!check.wait().unwrap().success(), "{signal}");
        bench.assert_nothing_is_left(Duration::from_secs(60));
        assert!(!bench.out().exists());
    }
}
