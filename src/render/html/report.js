// The page: what is shown, what was chosen, and what keys and pointer do. All text is set as text, never as markup.

const $ = (id) => document.getElementById(id);
const state = { by: DATA.start === "section" ? "section" : "crate", measure: MEASURES[0], area: "larger", zoom: null, query: "", sort: { key: null, down: true }, all: false };
const START = { by: state.by };
const MOST_ROWS = 200;

function element(tag, properties = {}, ...children) {
  const { dataset, style, ...rest } = properties;
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    if (name in made) made[name] = value; else made.setAttribute(name, value);
  }
  Object.assign(made.dataset, dataset);
  for (const [name, value] of Object.entries(style ?? {})) made.style.setProperty(name, value);
  made.append(...children);
  return made;
}

const sorts = { artifact: "package", binary: "program", file: "file", section: "section", crate: "crate", module: "module" };
const sortOf = (node) => node.facts.n ? "sum" : sorts[node.facts.t] ?? "function";
const parts = () => partsOf(state.zoom, state.measure);
const canZoom = (node) => partsOf(node, state.measure).length > 0;

// The only program of a package is what one wants to see; the package is one step up.
function opening() {
  const root = ROOTS[state.by];
  const programs = root.parts.filter((node) => node.facts.t === "binary");
  return programs.length === 1 && DATA.start !== "file" ? programs[0] : root;
}

// The same place in the other tree, as far down as it goes.
function sameplace(node) {
  let at = ROOTS[state.by];
  for (const step of pathOf(node).slice(1)) {
    const next = at.parts.find((part) => part.label === step.label && part.facts.t === step.facts.t);
    if (!next || next.parts.length === 0) break;
    at = next;
  }
  return at;
}

// ---- Search ------------------------------------------------------------------------------------------------------------------------

const search = { hits: new Set(), around: new Set(), list: [] };

function find() {
  search.hits.clear();
  search.around.clear();
  search.list = [];
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return;
  const visit = (node, inside) => {
    const label = node.label.toLowerCase();
    const hit = words.every((word) => label.includes(word));
    if (hit) {
      search.hits.add(node);
      // A row inside a row that was found is part of its bytes already.
      if (!inside && (state.measure.now(node) !== null)) search.list.push(node);
      for (let at = node.parent; at && !search.around.has(at); at = at.parent) search.around.add(at);
    }
    for (const part of partsOf(node, state.measure)) visit(part, inside || hit);
  };
  for (const part of parts()) visit(part, false);
}

function isFound(node) {
  if (search.around.has(node)) return true;
  for (let at = node; at; at = at.parent) if (search.hits.has(at)) return true;
  return false;
}

// ---- Map ---------------------------------------------------------------------------------------------------------------------------

const cells = new Map();
const HEAD = 20;
// Width of a letter in a label, rather more than less.
const LETTER = 6.6;

function weighted(nodes) {
  return nodes
    .map((node) => ({ node, weight: weigh(node, state.measure, state.area) }))
    .filter((item) => item.weight > 0)
    .sort((a, b) => b.weight - a.weight);
}

function cell(node, box, level, nested) {
  const made = element("div", {
    className: nested.length > 0 ? "cell group" : "cell",
    role: "treeitem",
    tabIndex: -1,
    "aria-level": String(level),
    "aria-label": describe(node),
    "aria-expanded": canZoom(node) ? String(nested.length > 0) : undefined,
    style: { left: `${box.x}px`, top: `${box.y}px`, width: `${Math.max(0, box.w - 1)}px`, height: `${Math.max(0, box.h - 1)}px` },
  });
  colour(made, node);
  if (canZoom(node)) made.dataset.zooms = "";
  if (state.query) made.dataset.found = isFound(node) ? "yes" : "no";
  if (box.w > 34 && box.h > 15) made.append(labelOf(node, box, nested.length > 0));
  if (nested.length > 0) made.append(element("div", { role: "group", className: "inside" }, ...nested));
  made.node = node;
  cells.set(node, made);
  return made;
}

// The name, and the size where it fits beside it or below it.
function labelOf(node, box, isGroup) {
  const now = state.measure.now(node);
  const size = IS_DIFF ? signedHuman(change(node, state.measure) ?? 0) : now === null ? "" : human(now);
  const room = (box.w - 12) / LETTER;
  const name = isGroup && node.label.length + size.length + 1 <= room ? node.label : node.name;
  const label = element("span", { className: "label", "aria-hidden": "true" }, element("b", { textContent: name }));
  const fits = isGroup ? name.length + size.length + 1 <= room : size.length <= room && box.h > 36;
  if (size && fits) label.append(" ", element("i", { textContent: size }));
  return label;
}

function drawMap() {
  const map = $("map");
  const focused = map.contains(document.activeElement) ? document.activeElement.node : null;
  const box = { x: 0, y: 0, w: map.clientWidth, h: map.clientHeight };
  cells.clear();
  const drawn = squarify(weighted(parts()), box).filter((place) => place.w >= 2 && place.h >= 2).map((place) => {
    const node = place.item.node;
    const inner = { x: 0, y: 0, w: place.w - 5, h: place.h - HEAD - 4 };
    let nested = [];
    if (canZoom(node) && inner.w > 44 && inner.h > 24) {
      nested = squarify(weighted(partsOf(node, state.measure)), inner)
        .filter((small) => small.w >= 3 && small.h >= 3)
        .map((small) => cell(small.item.node, small, 2, []));
    }
    return cell(node, place, 1, nested);
  });
  if (drawn.length === 0) drawn.push(element("p", { className: "empty", textContent: IS_DIFF && state.area === "change" ? "Nothing changed here." : "Nothing here." }));
  map.setAttribute("aria-label", `${state.zoom.label}: ${sizeWords(state.zoom)}`);
  map.replaceChildren(...drawn);
  const first = cells.get(focused) ?? map.querySelector(".cell");
  if (first) first.tabIndex = 0;
  if (focused && first) first.focus({ preventScroll: true });
  drawLegend(parts());
}

function focusCell(target) {
  if (!target) return;
  for (const other of $("map").querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
}

const sibling = (from, side) => {
  let at = from[side];
  while (at && !at.classList.contains("cell")) at = at[side];
  return at;
};

function onMapKey(event) {
  const from = event.target.closest(".cell");
  if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
  const level = from.parentElement;
  const act = {
    ArrowRight: () => focusCell(sibling(from, "nextElementSibling")),
    ArrowLeft: () => focusCell(sibling(from, "previousElementSibling")),
    ArrowDown: () => focusCell(from.querySelector(".cell") ?? sibling(from, "nextElementSibling")),
    ArrowUp: () => focusCell(level.closest(".cell") ?? sibling(from, "previousElementSibling")),
    Home: () => focusCell(level.querySelector(":scope > .cell")),
    End: () => focusCell([...level.querySelectorAll(":scope > .cell")].at(-1)),
    Enter: () => zoomTo(from.node),
    " ": () => zoomTo(from.node),
    Backspace: zoomOut,
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

// ---- Table -------------------------------------------------------------------------------------------------------------------------

function columns(rows) {
  const number = (key, title, value, print, extra) => ({ key, title, value, print, extra });
  const list = [{ key: "name", title: "Name", value: (node) => node.label.toLowerCase(), isName: true }];
  if (IS_DIFF) {
    const measure = state.measure;
    list.push(number("old", "Before", measure.old, exact, true), number("now", "After", measure.now, exact, true));
    for (const each of MEASURES) list.push(number(`change-${each.key}`, each === MEASURES[0] ? "Change" : "In zip", (node) => change(node, each), signed, each !== measure));
    return list;
  }
  const whole = state.measure.now(state.zoom);
  for (const measure of MEASURES) {
    if (measure.overlaps && !rows.some((node) => measure.now(node) !== null)) continue;
    list.push(number(measure.key, measure.title, measure.now, exact, measure !== state.measure));
    if (measure === state.measure && !measure.overlaps && whole > 0) list.push(number("share", "%", measure.now, (value) => value === null ? "" : (value * 100 / whole).toFixed(1), false));
  }
  return list;
}

function sortedBy(nodes, list) {
  const wanted = state.sort.key ?? (IS_DIFF ? `change-${state.measure.key}` : state.measure.key);
  const column = list.find((one) => one.key === wanted) ?? list[1];
  const magnitude = (node) => {
    const value = column.value(node);
    return value === null ? -Infinity : IS_DIFF && state.sort.key === null ? Math.abs(value) : value;
  };
  const way = state.sort.down ? -1 : 1;
  const compare = (a, b) => {
    const [x, y] = [magnitude(a), magnitude(b)];
    return x < y ? -way : x > y ? way : a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
  };
  return { column, nodes: [...nodes].sort(compare) };
}

// A long name may go on in the next line behind `_` or `::`.
const breakable = (name) => name.split(/(?<=_|::)/).flatMap((part, at) => at === 0 ? [part] : [document.createElement("wbr"), part]);

function nameCell(node) {
  const dot = element("span", { className: "swatch" });
  colour(dot, node);
  const name = canZoom(node)
    ? element("button", { type: "button", className: "name", title: node.label, onclick: () => zoomTo(node) }, ...breakable(node.label))
    : element("span", { className: "name", title: node.label }, ...breakable(node.label));
  const cell = element("th", { scope: "row" }, element("div", { className: "who" }, dot, name));
  if (node.parent !== state.zoom) {
    const path = pathOf(node.parent).slice(pathOf(state.zoom).length).map((step) => step.label);
    if (path.length > 0) cell.append(element("small", { textContent: path.join(" › ") }));
  }
  if (node.facts.d && node.facts.d !== "same") cell.append(element("small", { textContent: node.facts.d }));
  return cell;
}

function drawTable() {
  const rows = state.query ? search.list : parts();
  const list = columns(rows);
  const { column: sorted, nodes } = sortedBy(rows, list);
  const shown = state.all ? nodes : nodes.slice(0, MOST_ROWS);
  const table = $("table");
  const head = (column) => {
    const is = column === sorted;
    const flip = () => {
      state.sort = { key: column.key, down: is ? !state.sort.down : !column.isName };
      drawTable();
      table.querySelector(`[data-column="${column.key}"]`)?.focus();
    };
    return element("th", {
      scope: "col", className: column.isName ? "" : column.extra ? "number extra" : "number",
      "aria-sort": is ? (state.sort.down ? "descending" : "ascending") : undefined,
    }, element("button", { type: "button", textContent: column.title, dataset: { column: column.key }, onclick: flip }));
  };
  const value = (column, node) => element("td", {
    className: column.extra ? "number extra" : "number",
    textContent: column.print(column.value(node)),
    dataset: column.key.startsWith("change") ? { sign: String(Math.sign(column.value(node) ?? 0)) } : {},
  });
  const row = (node) => {
    const made = element("tr", {}, nameCell(node), ...list.slice(1).map((column) => value(column, node)));
    made.node = node;
    return made;
  };
  const total = element("tr", {}, element("th", { scope: "row", textContent: state.zoom.label }), ...list.slice(1).map((column) => value(column, state.zoom)));
  table.caption.textContent = state.query ? `Found in ${state.zoom.label}, bytes` : `Parts of ${state.zoom.label}, bytes`;
  table.tHead.replaceChildren(element("tr", {}, ...list.map(head)));
  table.tBodies[0].replaceChildren(...shown.map(row));
  table.tFoot.replaceChildren(total);
  const hidden = nodes.length - shown.length;
  $("more").replaceChildren(...(hidden > 0
    ? [element("button", { type: "button", textContent: `Show ${noun(hidden, "more row", "more rows")}`, onclick: () => { state.all = true; drawTable(); } })]
    : []));
}

// ---- Around them -------------------------------------------------------------------------------------------------------------------

function drawTrail() {
  const path = pathOf(state.zoom);
  $("trail").replaceChildren(...path.map((node, at) => element("li", {}, at === path.length - 1
    ? element("span", { textContent: node.label, "aria-current": "location" })
    : element("button", { type: "button", textContent: node.label, onclick: () => zoomTo(node) }))));
  const remarks = [`${sizeWords(state.zoom)}, ${noun(parts().length, "part", "parts")}.`];
  if (state.measure.overlaps) remarks.push("Retained: file bytes that leave with the crate, its own and those of crates reached only through it. These overlap, so areas have no sum.");
  if (DATA.view !== "owner") remarks.push(`Crates by ${DATA.view}.`);
  if (DATA.folded_below > 0) remarks.push(`Functions and modules below ${human(DATA.folded_below)} are summed in rows [N smaller], to keep this file small.`);
  if (DATA.folded_crates_below > 0) remarks.push(`So are crates below ${human(DATA.folded_crates_below)}.`);
  if (state.query) {
    const sum = search.list.reduce((all, node) => all + (IS_DIFF ? change(node, state.measure) : state.measure.now(node)), 0);
    remarks.unshift(`${noun(search.list.length, "row matches", "rows match")}${state.measure.overlaps ? "" : `: ${IS_DIFF ? signedHuman(sum) : both(sum)}`}.`);
  }
  $("remark").textContent = remarks.join(" ");
}

function draw() {
  find();
  drawTrail();
  drawMap();
  drawTable();
}

function say(text) { $("live").textContent = text; }

// ---- Links -------------------------------------------------------------------------------------------------------------------------

// What is shown, as `#view=section&by=zip&path=bootstrap/.text/hyper`, so that one can send a link to it. The page as it opens has none.
function linkOf() {
  const words = [];
  if (state.by !== START.by) words.push(`view=${state.by}`);
  if (state.measure !== MEASURES[0]) words.push(`by=${state.measure.key}`);
  if (state.zoom !== opening()) words.push(`path=${pathOf(state.zoom).slice(1).map((node) => encodeURIComponent(node.label)).join("/")}`);
  return words.length > 0 ? `#${words.join("&")}` : "";
}

// Going into a part is a step that the browser's Back undoes; what else is chosen only changes the link.
function remember(step) {
  const link = linkOf();
  const url = link || location.href.split("#")[0];
  if (link === location.hash) return;
  if (step) history.pushState(null, "", url); else history.replaceState(null, "", url);
}

// A part by its label, or by its name without the version.
function partAt(node, step) {
  return node.parts.find((part) => part.label === step) ?? node.parts.find((part) => part.name === step);
}

function walk(from, steps) {
  let at = from;
  for (const step of steps) at = at && partAt(at, step);
  return at;
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// Shows what the link names, as far as this page has it.
function follow(hash) {
  if (hash !== "" && !hash.includes("=")) return;
  const words = new Map(hash.slice(1).split("&").map((word) => word.split("=")));
  state.by = ROOTS[words.get("view")] ? words.get("view") : START.by;
  const wanted = words.get("by") === "compressed" ? "zip" : words.get("by");
  const measure = MEASURES.find((one) => one.key === wanted);
  state.measure = measure && !(measure.overlaps && state.by === "section") ? measure : MEASURES[0];
  const path = words.get("path");
  const steps = (path ?? "").split("/").filter(Boolean).map(decoded);
  // From the package, else from the only program in it.
  const found = path === undefined ? opening() : walk(ROOTS[state.by], steps) ?? walk(opening(), steps);
  state.zoom = found && (found.parent === null || canZoom(found)) ? found : opening();
  state.all = false;
  state.sort = { key: null, down: true };
  for (const [name, chosen] of [["by", state.by], ["bytes", state.measure.key]]) {
    for (const input of document.querySelectorAll(`input[name="${name}"]`)) {
      input.checked = input.value === chosen;
      if (input.value === "retained") input.disabled = state.by === "section";
    }
  }
}

function zoomTo(node) {
  if (!canZoom(node)) return;
  const came = state.zoom;
  const inMap = $("map").contains(document.activeElement);
  state.zoom = node;
  state.all = false;
  hideTip();
  draw();
  remember(true);
  if (inMap) focusCell([...cells.values()].find((one) => pathOf(came).includes(one.node)) ?? $("map").querySelector(".cell"));
  say(`${node.label}: ${sizeWords(node)}, ${noun(parts().length, "part", "parts")}`);
}

function zoomOut() {
  if (state.zoom.parent) zoomTo(state.zoom.parent);
}

function choice(field, name, options, chosen, choose) {
  for (const [value, title, disabled] of options) {
    const input = element("input", { type: "radio", name, value, checked: value === chosen, disabled: disabled ?? false, onchange: () => choose(value) });
    $(field).append(element("label", {}, input, element("span", { textContent: title })));
  }
}

function chooseMeasure(key) {
  state.measure = MEASURES.find((measure) => measure.key === key);
  while (parts().length === 0 && state.zoom.parent) state.zoom = state.zoom.parent;
  state.sort = { key: null, down: true };
  draw();
  remember(false);
  say(`${state.measure.title}: ${sizeWords(state.zoom)}`);
}

function chooseParts(by) {
  state.by = by;
  state.zoom = sameplace(state.zoom);
  const retained = document.querySelector('input[value="retained"]');
  if (retained) retained.disabled = by === "section";
  if (by === "section" && state.measure.overlaps) {
    document.querySelector('input[name="bytes"]').checked = true;
    state.measure = MEASURES[0];
  }
  draw();
  remember(false);
  say(`Parts are ${by}s now`);
}

// ---- Tip ---------------------------------------------------------------------------------------------------------------------------

function showTip(node, x, y) {
  const tip = $("tip");
  tip.replaceChildren(...tipOf(node));
  tip.hidden = false;
  const [w, h] = [tip.offsetWidth, tip.offsetHeight];
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - w - 8))}px`;
  tip.style.top = `${Math.max(4, y + 16 + h > innerHeight ? y - h - 12 : y + 16)}px`;
}

function hideTip() {
  $("tip").hidden = true;
}

function highlight(node) {
  for (const hot of document.querySelectorAll(".hot")) hot.classList.remove("hot");
  if (!node) return;
  cells.get(node)?.classList.add("hot");
  for (const row of $("table").tBodies[0].rows) if (row.node === node) row.classList.add("hot");
}

// ---- Start -------------------------------------------------------------------------------------------------------------------------

choice("parts", "by", [["crate", "Crates"], ["section", "Sections"]], state.by, chooseParts);
$("bytes").hidden = MEASURES.length === 1;
choice("bytes", "bytes", MEASURES.map((measure) => [measure.key, measure.title, measure.overlaps && state.by === "section"]), state.measure.key, chooseMeasure);
if (IS_DIFF) {
  $("area").hidden = false;
  choice("area", "area", [["larger", "Larger side"], ["change", "Change"]], state.area, (area) => { state.area = area; draw(); });
}
state.zoom = opening();
follow(location.hash);
addEventListener("popstate", () => { follow(location.hash); hideTip(); draw(); });

$("map").addEventListener("keydown", onMapKey);
$("map").addEventListener("click", (event) => {
  const at = event.target.closest(".cell");
  if (at) zoomTo(at.node.parent === state.zoom || canZoom(at.node) ? at.node : at.node.parent);
});
$("map").addEventListener("pointermove", (event) => {
  const at = event.target.closest(".cell");
  if (!at) return hideTip();
  showTip(at.node, event.clientX, event.clientY);
  highlight(at.node.parent === state.zoom ? at.node : at.node.parent);
});
$("map").addEventListener("pointerleave", () => { hideTip(); highlight(null); });
$("map").addEventListener("focusin", (event) => {
  const at = event.target.closest(".cell");
  if (!at || !at.matches(":focus-visible")) return;
  const box = at.getBoundingClientRect();
  showTip(at.node, box.left + Math.min(box.width, 40), box.top + Math.min(box.height, 24));
  highlight(at.node);
});
$("map").addEventListener("focusout", () => { hideTip(); highlight(null); });
$("table").addEventListener("pointerover", (event) => highlight(event.target.closest("tbody tr")?.node));
$("table").addEventListener("pointerleave", () => highlight(null));
let waiting = 0;
$("search").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    state.query = $("search").value.trim();
    state.all = false;
    draw();
    say(state.query ? $("remark").textContent.split(". ")[0] : "Search is empty");
  }, 120);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input")) {
    event.preventDefault();
    $("search").focus();
  } else if (event.key === "Escape") {
    if (state.query) {
      $("search").value = "";
      state.query = "";
      draw();
    } else {
      zoomOut();
    }
  }
});

document.querySelector("main").hidden = false;
const findings = document.querySelectorAll(".notes .marked .mark");
if (findings.length > 0) {
  const counts = {};
  for (const mark of findings) counts[mark.textContent] = (counts[mark.textContent] ?? 0) + 1;
  const words = Object.entries(counts).map(([word, count]) => noun(count, word, `${word}s`));
  $("pointer").replaceChildren(element("a", { href: "#notes", textContent: words.join(", ") }), " below the map");
}
// On paper the map has another width.
matchMedia("print").addEventListener("change", () => drawMap());
new ResizeObserver(() => drawMap()).observe($("map"));
draw();
requestAnimationFrame(() => { document.documentElement.dataset.readyMs = String(Math.round(performance.now())); });
