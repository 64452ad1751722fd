//! A start that is traced.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::super::HostError;
use super::super::super::boot_check::{BootLimits, Startable};
use super::super::super::launch::{Boot, Following, LaunchOptions, Moment, Names, boot_followed};
use super::tracer::{Watcher, follow};

/// Starts a package, and has each of its programs traced by a watcher that `make` gives for the folder that it is unpacked in. In a network of the
/// programs' own, names that are looked up get addresses in `names`.
pub(super) fn trace_boot<W: Watcher, M: FnOnce() -> W + Send + 'static>(
    startable: &Startable<'_>,
    event: Option<&[u8]>,
    limits: BootLimits,
    launch: &LaunchOptions,
    names: Option<Arc<Names>>,
    make: impl Fn(&Path) -> M,
    look: &mut dyn FnMut(Moment<'_>),
) -> Result<Boot, HostError> {
    if launch.starter.is_none() {
        let why = "a program can be traced from its first instruction only where a starter waits for it".to_owned();
        return Err(HostError::CannotTrace { why });
    }
    let refused = Mutex::new(None);
    let follow = |process: u32, root: &Path| {
        let followed = follow(process, make(root));
        if let Err(error) = &followed {
            let why = format!("the system refuses to trace: {error}");
            refused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        }
        followed
    };
    let package = startable.package();
    let boot = boot_followed(
        package,
        event,
        limits.init,
        limits.answer,
        launch,
        Some(&Following { follow: &follow, names }),
        look,
    )?;
    match refused.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(why) => Err(HostError::CannotTrace { why }),
        None => Ok(boot),
    }
}
