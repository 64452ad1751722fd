//! A history as one drawing: a panel for each size, light or dark as the reader's screen is, without anything from elsewhere.

use super::human;
use super::trend::{change, millis, moment, title};
use crate::policy::{ArtifactTrend, Trend, TrendPoint};
use crate::units::ByteSize;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 20.0;
const RIGHT: f64 = 610.0;
const HEADING: f64 = 40.0;
const PANEL: f64 = 110.0;
/// Height of a panel in which lines are drawn, and where it begins below the panel's name.
const PLOT: f64 = 64.0;
const PLOT_TOP: f64 = 26.0;

const STYLE: &str = "\
    svg { font: 13px system-ui, sans-serif; color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --dim: #59636e; --line: #0969da; --grid: #d1d9e0 }\n    \
    @media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --dim: #9198a1; --line: #4493f8; --grid: #3d444d } }\n    \
    .paper { fill: var(--paper) } text { fill: var(--ink) } .title { font-weight: 600 } .dim { fill: var(--dim); font-size: 11px }\n    \
    .grid { stroke: var(--grid); stroke-width: 1 } .line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round }\n    \
    .point { fill: var(--line) } .point:hover { stroke: var(--ink); stroke-width: 2 }";

/// One line of a panel.
struct Series {
    name: &'static str,
    values: Vec<Option<f64>>,
    least: f64,
    most: f64,
    label: fn(f64) -> String,
    change: String,
}

/// The trend as an SVG 1.1 document. Every point tells its record in a tooltip.
#[must_use]
pub fn trend(trend: &Trend) -> String {
    let mut body = String::new();
    let mut top = 0.0;
    for artifact in &trend.artifacts {
        body += &text(LEFT, top + 26.0, "title", &title(artifact));
        top += HEADING;
        for series in series(artifact) {
            body += &panel(top, &series, &artifact.points);
            top += PANEL;
        }
    }
    let last = match (trend.artifacts.len(), trend.malformed.len()) {
        (0, 0) => Some("No records".to_owned()),
        (_, 0) => None,
        (_, 1) => Some("1 line of the history is no record".to_owned()),
        (_, more) => Some(format!("{more} lines of the history are no records")),
    };
    if let Some(last) = last {
        body += &text(LEFT, top + 26.0, "dim", &last);
        top += HEADING;
    }
    let described: Vec<String> = trend.artifacts.iter().map(|artifact| escape(&title(artifact))).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top}\" width=\"{WIDTH}\" height=\"{top}\" role=\"img\" \
         aria-labelledby=\"title desc\">\n  <title id=\"title\">Trend of package sizes</title>\n  <desc id=\"desc\">{}</desc>\n  \
         <style>\n    {STYLE}\n  </style>\n  <rect class=\"paper\" width=\"{WIDTH}\" height=\"{top}\"/>\n{body}</svg>\n",
        described.join("; ")
    )
}

fn series(artifact: &ArtifactTrend) -> Vec<Series> {
    let sizes = artifact.sizes.iter().map(|size| Series {
        name: size.name,
        values: size.values_bytes.iter().map(|bytes| bytes.map(ByteSize::as_f64)).collect(),
        least: size.min_bytes.as_f64(),
        most: size.max_bytes.as_f64(),
        label: bytes,
        change: match size.change_percent {
            Some(percent) => format!("{} ({percent:+.1} %)", human::delta(size.change_bytes)),
            None => human::delta(size.change_bytes),
        },
    });
    let init = artifact.init.iter().map(|init| Series {
        name: "predicted init",
        values: init.values_ms.iter().map(|ms| ms.map(|ms| ms.get())).collect(),
        least: init.min_ms.get(),
        most: init.max_ms.get(),
        label: millis,
        change: format!("{} ms", change(init.change_ms.get())),
    });
    sizes.chain(init).collect()
}

fn panel(top: f64, series: &Series, points: &[TrendPoint]) -> String {
    let (high, low) = (top + PLOT_TOP, top + PLOT_TOP + PLOT);
    let mut out = text(LEFT, top + 14.0, "", &format!("{}: {}", series.name, series.change));
    let flat = series.most <= series.least;
    let labels =
        if flat { vec![(high + PLOT / 2.0, series.most)] } else { vec![(high, series.most), (low, series.least)] };
    for (y, value) in labels {
        out += &format!("  <line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>\n");
        out += &text(RIGHT + 10.0, y + 4.0, "dim", &(series.label)(value));
    }
    let place = |at: usize, value: f64| {
        let step = if points.len() > 1 { (RIGHT - LEFT) / (index(points.len()) - 1.0) } else { 0.0 };
        let part = if flat { 0.5 } else { (value - series.least) / (series.most - series.least) };
        (LEFT + step * index(at), low - part * PLOT)
    };
    let known = || series.values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?)));
    let line: Vec<String> =
        known().map(|(at, value)| place(at, value)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    out += &format!("  <polyline class=\"line\" points=\"{}\"/>\n", line.join(" "));
    for (at, value) in known() {
        let (x, y) = place(at, value);
        let told = format!("{}: {}", moment(&points[at]), (series.label)(value));
        out += &format!(
            "  <circle class=\"point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>{}</title></circle>\n",
            escape(&told)
        );
    }
    out
}

/// A number of records as a length; a file of 2^32 lines is not drawn.
fn index(at: usize) -> f64 {
    f64::from(u32::try_from(at).unwrap_or(u32::MAX))
}

/// Values are whole bytes below 2^53.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a ByteSize before it was drawn")]
fn bytes(value: f64) -> String {
    human::size(ByteSize::new(value as u64))
}

fn text(x: f64, y: f64, class: &str, text: &str) -> String {
    format!("  <text class=\"{class}\" x=\"{x}\" y=\"{y:.1}\">{}</text>\n", escape(text))
}

fn escape(text: &str) -> String {
    let text = human::clean(text).replace(['\u{fffe}', '\u{ffff}'], "");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
