// The charts of a history. Every number is in the table as well; all text is set as text.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 176;
const EDGE = { left: 10, right: 84, top: 14, bottom: 22 };
// A change of this part of the size before stands out; where records are close, only such changes have dots.
const NOTABLE = 0.01;
const CLOSE = 9;
let fromZero = false;

function made(tag, properties = {}, ...children) {
  const { dataset, ...rest } = properties;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) if (name in element) element[name] = value; else element.setAttribute(name, value);
  Object.assign(element.dataset, dataset);
  element.append(...children);
  return element;
}

function shape(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// The same words as the tables.
function bytes(value) {
  const size = Math.abs(value);
  if (size < 1024) return `${size} B`;
  const steps = ["KiB", "MiB", "GiB"];
  let at = 0;
  let scaled = size / 1024;
  while (scaled >= 1024 && at < steps.length - 1) { scaled /= 1024; at += 1; }
  return `${Number.isInteger(scaled) ? scaled : scaled.toFixed(2)} ${steps[at]}`;
}

const words = (series, value) => series.unit === "ms" ? `${Math.abs(value).toFixed(1)} ms` : bytes(value);
const signed = (series, value) => `${value > 0 ? "+" : value < 0 ? "-" : ""}${words(series, value)}`;
const moment = (point) => point.commit ? `${point.time.slice(0, 10)} ${point.commit.slice(0, 7)}` : point.time.slice(0, 10);

// The last value before this one that is known.
function before(series, at) {
  for (let earlier = at - 1; earlier >= 0; earlier -= 1) if (series.values[earlier] !== null) return series.values[earlier];
  return null;
}

function changeAt(series, at) {
  const [now, old] = [series.values[at], before(series, at)];
  if (now === null || old === null) return null;
  // What is not shown in one decimal is no change.
  return series.unit === "ms" && Math.abs(now - old) < 0.05 ? 0 : now - old;
}

function moved(point) {
  return point.moved.map(([name, delta]) => `${name} ${delta > 0 ? "+" : "-"}${bytes(delta)}`).join(", ");
}

// One artifact: its charts share a place in time.
function article(artifact, number) {
  const home = document.getElementById(`artifact-${number}`);
  const charts = home.querySelector(".charts");
  const told = home.querySelector(".told");
  const rows = [...home.querySelectorAll("tbody tr")];
  const last = artifact.points.length - 1;
  let at = last;
  const plots = artifact.series.map((series) => {
    const name = made("b", { textContent: series.title });
    const now = made("span");
    const svg = shape("svg", { class: "plot", tabindex: "0", role: "slider", "aria-orientation": "horizontal", "aria-valuemin": "1", "aria-valuemax": String(last + 1) });
    charts.append(made("figure", { className: "chart" }, made("figcaption", {}, name, now), svg));
    return { series, svg, now, marks: null };
  });

  const describe = (series, index) => {
    const [value, change] = [series.values[index], changeAt(series, index)];
    if (value === null) return `${series.title} not known`;
    return `${series.title} ${words(series, value)}${change === null ? "" : change === 0 ? ", the same as before" : ` (${signed(series, change)})`}`;
  };

  function draw(plot) {
    const { series, svg } = plot;
    const width = svg.clientWidth || 480;
    const known = series.values.filter((value) => value !== null);
    const most = Math.max(...known);
    const least = fromZero ? 0 : Math.min(...known);
    const [left, right, top, low] = [EDGE.left, width - EDGE.right, EDGE.top, HEIGHT - EDGE.bottom];
    const x = (index) => last === 0 ? (left + right) / 2 : left + (right - left) * index / last;
    const y = (value) => most === least ? (top + low) / 2 : low - (low - top) * (value - least) / (most - least);
    const shapes = [];
    for (const value of new Set([most, least])) {
      shapes.push(shape("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }));
      shapes.push(shape("text", { x: right + 8, y: y(value) + 4 }, words(series, value)));
    }
    shapes.push(shape("text", { x: left, y: HEIGHT - 5 }, artifact.points[0].time.slice(0, 10)));
    if (last > 0) shapes.push(shape("text", { x: right, y: HEIGHT - 5, "text-anchor": "end" }, artifact.points[last].time.slice(0, 10)));
    const places = series.values.map((value, index) => value === null ? null : [x(index), y(value)]);
    // A step: the size stays until the next record. Where nothing is known, the line ends.
    let runs = [];
    let run = [];
    for (const place of places) {
      if (place === null) { if (run.length) runs.push(run); run = []; } else run.push(place);
    }
    if (run.length) runs.push(run);
    for (const each of runs) {
      const path = each.map(([px, py], index) => index === 0 ? `M${px.toFixed(1)} ${py.toFixed(1)}` : `H${px.toFixed(1)}V${py.toFixed(1)}`).join("");
      shapes.push(shape("path", { class: "area", d: `${path}V${low}H${each[0][0].toFixed(1)}Z` }));
      shapes.push(shape("path", { class: "line", d: path }));
    }
    const isClose = last > 0 && (right - left) / last < CLOSE;
    places.forEach((place, index) => {
      if (place === null) return;
      const change = changeAt(series, index) ?? 0;
      const stands = Math.abs(change) >= NOTABLE * before(series, index);
      const isNotable = change !== 0 && stands;
      if (isClose && !isNotable) return;
      shapes.push(shape("circle", { class: `point ${!isNotable ? "" : change > 0 ? "grew" : "shrank"}`, cx: place[0].toFixed(1), cy: place[1].toFixed(1), r: isNotable ? 4.5 : 2 }));
    });
    plot.marks = { x, y, line: shape("line", { class: "cursor", y1: top - 6, y2: low }), here: shape("circle", { class: "here", r: 5.5 }) };
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    svg.replaceChildren(...shapes, plot.marks.line, plot.marks.here);
  }

  function mark(plot) {
    const { series, svg, marks, now } = plot;
    const value = series.values[at];
    const px = marks.x(at);
    marks.line.setAttribute("x1", px);
    marks.line.setAttribute("x2", px);
    marks.here.setAttribute("visibility", value === null ? "hidden" : "visible");
    if (value !== null) {
      marks.here.setAttribute("cx", px);
      marks.here.setAttribute("cy", marks.y(value));
    }
    const change = changeAt(series, at);
    now.replaceChildren(value === null ? "not known" : words(series, value));
    if (change) now.append(" ", made("span", { className: change > 0 ? "grew" : "shrank", textContent: signed(series, change) }));
    svg.setAttribute("aria-label", `${series.title} of ${artifact.name}`);
    svg.setAttribute("aria-valuenow", String(at + 1));
    const point = artifact.points[at];
    const crates = point.moved.length ? `; crates: ${moved(point)}` : "";
    svg.setAttribute("aria-valuetext", `${moment(point)}: ${describe(series, at)}${crates}`);
  }

  function tell() {
    const point = artifact.points[at];
    const sentence = made("p");
    artifact.series.forEach((series, index) => {
      const change = changeAt(series, at);
      sentence.append(index === 0 ? "" : "; ", made("span", { className: change > 0 ? "grew" : change < 0 ? "shrank" : "", textContent: describe(series, at) }));
    });
    const commit = point.commit ? [" ", made("code", { textContent: point.commit.slice(0, 12) })] : [];
    told.replaceChildren(
      made("p", {}, made("b", { textContent: point.time.replace("T", " ").replace("Z", " UTC") }), ...commit, ` · record ${at + 1} of ${last + 1}`),
      sentence,
      made("p", { className: "dim", textContent: at === 0 ? "The first record shown." : point.moved.length ? `Crates that moved: ${moved(point)}` : "No crate among the largest moved." }),
    );
    for (const row of rows) row.classList.toggle("hot", row.dataset.at === String(at));
  }

  function go(to) {
    at = Math.max(0, Math.min(last, to));
    plots.forEach(mark);
    tell();
  }

  for (const plot of plots) {
    plot.svg.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 10, PageUp: at + 10, Home: 0, End: last }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      go(to);
    });
    const nearest = (event) => {
      const box = plot.svg.getBoundingClientRect();
      const [left, right] = [EDGE.left, box.width - EDGE.right];
      go(Math.round((event.clientX - box.left - left) / Math.max(1, right - left) * last));
    };
    plot.svg.addEventListener("pointermove", nearest);
    plot.svg.addEventListener("pointerdown", nearest);
  }
  for (const row of rows) row.addEventListener("pointerenter", () => go(Number(row.dataset.at)));
  const redraw = () => { plots.forEach(draw); go(at); };
  new ResizeObserver(redraw).observe(charts);
  redraw();
  return redraw;
}

const redraws = DATA.artifacts.map(article);
for (const [zero, title] of [[false, "Close-up"], [true, "From 0"]]) {
  const input = made("input", { type: "radio", name: "axis", value: zero ? "zero" : "close", checked: !zero, onchange: () => { fromZero = zero; redraws.forEach((redraw) => redraw()); } });
  document.getElementById("axis").append(made("label", {}, input, made("span", { textContent: title })));
}
document.getElementById("controls").hidden = DATA.artifacts.length === 0;
matchMedia("print").addEventListener("change", () => redraws.forEach((redraw) => redraw()));
requestAnimationFrame(() => { document.documentElement.dataset.readyMs = String(Math.round(performance.now())); });
