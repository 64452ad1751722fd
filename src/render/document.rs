//! What is said, apart from how it is printed: text and Markdown print the same document.

use super::table::Table;
pub(super) use super::tone::Tone;

/// One point of a list: a short mark, a sentence, and lines that belong to it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) mark: String,
    pub(super) tone: Tone,
    pub(super) text: String,
    pub(super) lines: Vec<String>,
}

impl Item {
    pub(super) fn new(mark: impl Into<String>, tone: Tone, text: impl Into<String>) -> Self {
        Self { mark: mark.into(), tone, text: text.into(), lines: Vec::new() }
    }

    pub(super) fn with_lines(mut self, lines: Vec<String>) -> Self {
        self.lines = lines;
        self
    }
}

#[derive(Debug, Clone)]
pub(super) enum Block {
    /// Stands over what follows.
    Title(Tone, String),
    /// Names and their values.
    Fields(Vec<(&'static str, String)>),
    Paragraph(Tone, String),
    /// Says what the table or list below it is.
    Caption(String),
    List(Vec<Item>),
    Table(Table),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    pub(super) blocks: Vec<Block>,
}

impl Document {
    pub(super) fn title(&mut self, title: impl Into<String>) {
        self.toned_title(Tone::Strong, title);
    }

    pub(super) fn toned_title(&mut self, tone: Tone, title: impl Into<String>) {
        self.blocks.push(Block::Title(tone, title.into()));
    }

    pub(super) fn caption(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Caption(text.into()));
    }

    pub(super) fn fields(&mut self, fields: Vec<(&'static str, String)>) {
        self.blocks.push(Block::Fields(fields));
    }

    pub(super) fn paragraph(&mut self, tone: Tone, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(tone, text.into()));
    }

    pub(super) fn list(&mut self, items: Vec<Item>) {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    pub(super) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }
}
