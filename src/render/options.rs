//! What to show, and how wide.

use std::fmt;
use std::sync::Arc;

/// What a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum By {
    /// A crate.
    #[default]
    Crate,
    /// A section of the ELF file.
    Section,
    /// A function or data object.
    Function,
    /// A generic function, all its copies together.
    Generic,
    /// A file of the package.
    File,
}

/// Which crate a byte is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum View {
    /// The crate that defines the item; generic items of std go to the most downstream crate among their types.
    #[default]
    Owner,
    /// The crate that defines the item.
    Definition,
    /// The crate whose codegen unit holds the code.
    Instantiation,
}

/// Which rows to name, by the name in their first column. In tables the others are summed in one row, so that the
/// columns still add up to the file.
#[derive(Clone)]
pub struct Filter(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Filter {
    /// Keeps rows whose name `accepts`.
    #[must_use]
    pub fn new(accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(accepts))
    }

    pub(super) fn accepts(&self, name: &str) -> bool {
        (self.0)(name)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter(..)")
    }
}

/// What to show, and how wide.
///
/// ```
/// use lambda_slim::render::{By, Options};
/// let mut options = Options::default();
/// options.width = Some(100);
/// options.by = By::Section;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Widest line in columns of a terminal; `None` for as wide as needed. Below 40 a table may be wider, and a line that holds
    /// nothing but an address always: broken, it would be none. Text only.
    pub width: Option<usize>,
    /// True for ANSI colours. Text only.
    pub color: bool,
    /// Most rows of a table, the rest and the total not counted; 0 for all. Tables only: CSV and folded stacks are whole.
    pub rows: usize,
    /// What a row is.
    pub by: By,
    /// Which crate a byte is counted for.
    pub view: View,
    /// Which rows to name; `None` for all.
    pub filter: Option<Filter>,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: None, color: false, rows: 20, by: By::default(), view: View::default(), filter: None }
    }
}

impl Options {
    pub(super) fn accepts(&self, name: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.accepts(name))
    }
}
