//! Which words for an order of functions the linker of a project follows.
//!
//! Some linkers take an option that they do not know, or know and leave undone. So a program of a few functions is linked in an order and in the
//! opposite one, and asked where its functions are.

use std::fs;
use std::path::Path;

use super::linker::{line_that_names, trial_args, trial_project};
use super::order_style::OrderStyle;
use super::process::Tool;
use super::toolchain::cargo;
use super::{BuildOptions, HostError, Project};
use crate::elf::Image;

/// What a trial of orders showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderTrial {
    pub(super) style: OrderStyle,
    /// What was said to an order, where the linker takes none.
    pub(super) refusal: Option<String>,
}

/// Functions that are linked in an order; different, so that no linker takes one for another.
const FUNCTIONS: [&str; 3] = ["lambda_slim_trial_a", "lambda_slim_trial_b", "lambda_slim_trial_c"];

fn source() -> String {
    let function = |(number, name): (usize, &&str)| {
        format!(
            "#[no_mangle] #[inline(never)] pub extern \"C\" fn {name}(x: u64) -> u64 {{ std::hint::black_box(x) + {number} }}\n"
        )
    };
    let functions: String = FUNCTIONS.iter().enumerate().map(function).collect();
    let calls: String = FUNCTIONS.iter().map(|name| format!("    std::hint::black_box({name}(1));\n")).collect();
    format!("{functions}fn main() {{\n{calls}}}\n")
}

/// Links a program with each style of order, in a new folder in `folder`.
pub(super) fn try_order(project: &Project, options: &BuildOptions, folder: &Path) -> OrderTrial {
    let mut refusal = None;
    for style in OrderStyle::ALL {
        match follows(style, project, options, folder) {
            Some(Followed::Yes) => return OrderTrial { style, refusal: None },
            Some(Followed::No) => {
                refusal.get_or_insert_with(|| "it takes the option and leaves functions where they were".to_owned());
            }
            Some(Followed::Refused(said)) => refusal = refusal.or(said),
            None => {}
        }
    }
    OrderTrial { style: OrderStyle::None, refusal }
}

enum Followed {
    Yes,
    No,
    /// What the linker said, if it named the option.
    Refused(Option<String>),
}

/// `None` where nothing can be linked, for reasons of its own.
fn follows(style: OrderStyle, project: &Project, options: &BuildOptions, folder: &Path) -> Option<Followed> {
    let (trial, manifest) = trial_project(folder, &source())?;
    let mut backwards = FUNCTIONS;
    backwards.reverse();
    // Files of two names: cargo does not look into what a linker's argument names.
    for (name, order) in [("forwards", FUNCTIONS), ("backwards", backwards)] {
        let file = trial.path().join(name);
        fs::write(&file, style.text(&order.map(str::to_owned))).ok()?;
        let args = trial_args(project, options, &manifest, &style.rustc_args(Some(&file), true));
        match Tool::new(cargo(), &args, options.directory.as_deref()).answer() {
            Ok(_) => {}
            Err(HostError::CommandFailed { stderr, .. }) => {
                let options = ["symbol-ordering-file", "bp-compression-sort"];
                return Some(Followed::Refused(line_that_names(&stderr, &options, 300)));
            }
            Err(_) => return None,
        }
        let triple = project.target.as_deref().unwrap_or_default();
        let program = trial.path().join("target").join(triple).join("debug").join("trial");
        let program = fs::read(program).unwrap_or_default();
        // Where symbols are stripped, or the program is elsewhere, there is only the linker's word.
        if addresses(&program, &order).is_some_and(|addresses| !addresses.is_sorted()) {
            return Some(Followed::No);
        }
    }
    Some(Followed::Yes)
}

/// Where each of the functions is; `None` unless all are known.
fn addresses(program: &[u8], functions: &[&str]) -> Option<Vec<u64>> {
    let image = Image::parse(program).ok()?;
    let symbols = image.symbols().ok()?;
    let address = |name: &&str| symbols.iter().find(|symbol| symbol.defined && symbol.name == *name);
    functions.iter().map(|name| address(name).map(|symbol| symbol.address)).collect()
}
