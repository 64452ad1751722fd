//! The order file of a project, applied to what is built.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crate::elf::Image;
use crate::host::{self, BuildEvent, BuildOptions, Built, HostError, Ordering, Project};
use crate::layout::{Order, Placement, functions, place};

use super::args::Build;
use super::error::CliError;
use super::project::pass_on;
use super::terminal::Terminal;

/// Beside the package's Cargo.toml.
const FILE_NAME: &str = "lambda-slim.order";

/// How the program is to be laid out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout<'a> {
    /// By the project's order file, where there is one.
    AsFound,
    /// As the linker does it by itself.
    Plain,
    /// By this order, all else for compression.
    Ordered(&'a Order),
}

/// Where the project's order file is, or would be.
pub(super) fn order_path(build: &Build, project: &Project) -> PathBuf {
    build.order_file.clone().unwrap_or_else(|| project.root_package().source_root.join(FILE_NAME))
}

/// Reads an order file.
pub(super) fn read_order(path: &Path) -> Result<Order, CliError> {
    let order = |source| CliError::Order { path: path.to_owned(), source };
    Order::from_text(&host::read_text(path)?).map_err(order)
}

/// A build, with where its functions were placed.
pub(super) struct LaidOut {
    pub(super) built: Built,
    /// `None` where no order was applied.
    pub(super) placement: Option<Placement>,
}

/// Builds the project in the layout.
pub(super) fn build(
    build: &Build,
    project: Project,
    options: &BuildOptions,
    layout: Layout<'_>,
    terminal: Terminal,
) -> Result<LaidOut, CliError> {
    build_heard(build, project, options, layout, terminal, &mut |event| pass_on(event, terminal))
}

/// The same, where what cargo says is for `on_event`.
pub(super) fn build_heard(
    build: &Build,
    project: Project,
    options: &BuildOptions,
    layout: Layout<'_>,
    terminal: Terminal,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<LaidOut, CliError> {
    let plain = |project, on_event: &mut dyn FnMut(BuildEvent<'_>)| {
        let built = terminal.timed("build", || host::build_project(project, options, None, on_event))?;
        Ok(LaidOut { built, placement: None })
    };
    match layout {
        Layout::Plain => plain(project, on_event),
        Layout::Ordered(order) => ordered(project, options, order, terminal, on_event),
        Layout::AsFound => {
            let path = order_path(build, &project);
            // A file that is named has to be there; one that is only looked for need not.
            if build.no_order || (build.order_file.is_none() && !path.is_file()) {
                return plain(project, on_event);
            }
            let order = read_order(&path)?;
            match ordered(project.clone(), options, &order, terminal, on_event) {
                Err(CliError::Host(error @ HostError::LinkerTakesNoOrder { .. })) => {
                    terminal.note(&format!("note: {} is left out: {error}", path.display()));
                    plain(project, on_event)
                }
                laid_out => {
                    let laid_out = laid_out?;
                    terminal.note(&format!("note: {}: {}", path.display(), in_words(&laid_out)));
                    Ok(laid_out)
                }
            }
        }
    }
}

fn ordered(
    project: Project,
    options: &BuildOptions,
    order: &Order,
    terminal: Terminal,
    on_event: &mut dyn FnMut(BuildEvent<'_>),
) -> Result<LaidOut, CliError> {
    let placement = RefCell::new(Placement::default());
    let first = |program: &[u8]| -> Vec<String> {
        // A program that cannot be read is nobody's to order; who analyzes it says what is wrong.
        let Ok(image) = Image::parse(program) else { return Vec::new() };
        let Ok(functions) = functions(&image) else { return Vec::new() };
        let placed = place(order, &functions);
        let found = placed.functions.iter().filter_map(|&number| functions.get(number));
        let names = found.flat_map(|function| function.names.iter().map(|&name| name.to_owned())).collect();
        placement.replace(placed);
        names
    };
    let ordering = Ordering { first: &first, for_compression: true };
    let built =
        terminal.timed("build in order", || host::build_project(project, options, Some(&ordering), on_event))?;
    Ok(LaidOut { built, placement: Some(placement.into_inner()) })
}

/// What became of the order's lines.
fn in_words(laid_out: &LaidOut) -> String {
    let Some(placement) = &laid_out.placement else { return "no order was applied".to_owned() };
    let placed = placement.placed;
    // What is only likely is not always right, and each function that is called elsewhere brings 64 KiB with it.
    let unsure = placed.guessed + placed.gone;
    let advice = match unsure * 10 > placed.matched {
        true => "; it is of another build by far: `cargo lambda-slim layout` writes it anew",
        false => "",
    };
    format!(
        "{} functions ({} KiB) in order; of its lines {} matched, {} by likeness, {} gone{advice}",
        placement.functions.len(),
        placement.code_bytes.get() / 1024,
        placed.matched,
        placed.guessed,
        placed.gone
    )
}
