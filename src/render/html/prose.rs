//! The document that text and Markdown print, as HTML: the same words, escaped.

use super::super::document::{Block, Document, Item, Tone};
use super::super::human::clean;
use super::super::table::{RowRole, Table};

/// Text from a file, as it can stand between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Blocks one below the other.
pub(super) fn document(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        match block {
            Block::Title(tone, text) => out += &tagged("h2", *tone, text),
            Block::Paragraph(tone, text) => out += &tagged("p", *tone, text),
            Block::Caption(text) => out += &tagged("p", Tone::Dim, text),
            Block::Fields(fields) => out += &self::fields(fields),
            Block::List(items) => out += &list(items),
            Block::Table(table) => out += &self::table(table),
        }
    }
    out
}

const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Strong => "strong",
        Tone::Dim => "dim",
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Caution => "caution",
    }
}

fn tagged(tag: &str, tone: Tone, text: &str) -> String {
    format!("<{tag} class=\"{}\">{}</{tag}>\n", class(tone), escape(text))
}

/// Names and their values.
fn fields(fields: &[(&'static str, String)]) -> String {
    let field = |(name, value): &(&'static str, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value))
    };
    format!("<dl>\n{}</dl>\n", fields.iter().map(field).collect::<String>())
}

fn list(items: &[Item]) -> String {
    let item = |item: &Item| {
        let lines: String = item.lines.iter().map(|line| format!("<br>{}", escape(line))).collect();
        let mark = format!("<span class=\"mark {}\">{}</span>", class(item.tone), escape(&item.mark));
        format!("<li>{mark} <span>{}{lines}</span></li>\n", escape(&item.text))
    };
    format!("<ul class=\"marked\">\n{}</ul>\n", items.iter().map(item).collect::<String>())
}

fn table(table: &Table) -> String {
    let grid = table.grid();
    let class = |at: usize| if grid.heads[at].on_the_left { "" } else { " class=\"number\"" };
    let head = |(at, head): (usize, &super::super::table::Head)| {
        let unit = head.unit.map(|unit| format!(" <small>{}</small>", escape(unit))).unwrap_or_default();
        format!("<th scope=\"col\"{}>{}{unit}</th>", class(at), escape(head.title))
    };
    let heads: String = grid.heads.iter().enumerate().map(head).collect();
    let mut rows = String::new();
    for row in &grid.rows {
        let role = if row.role == RowRole::Total { " class=\"total\"" } else { "" };
        let cells: String =
            row.cells.iter().enumerate().map(|(at, cell)| format!("<td{}>{}</td>", class(at), escape(cell))).collect();
        rows += &format!("<tr{role}>{cells}</tr>\n");
    }
    format!("<div class=\"scroll\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}
