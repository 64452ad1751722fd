// The page's data as nodes, and how their bytes are read. Nothing here touches the page but to read its data.

const DATA = JSON.parse(document.getElementById("data").textContent);
const IS_DIFF = DATA.mode === "diff";
const COLUMNS = DATA.columns.length;

// `~5.` is path number 5 in base 36, `~~` a tilde.
function decodeName(name) {
  return name.replace(/~(?:~|([0-9a-z]+)\.)/g, (whole, number) => number === undefined ? "~" : DATA.paths[parseInt(number, 36)]);
}

// A node is [name, value.., parts, facts]; what is missing at the end is empty.
function decode(raw, parent) {
  const node = { name: decodeName(raw[0]), values: raw.slice(1, 1 + COLUMNS), parts: [], facts: raw[2 + COLUMNS] || {}, parent };
  for (const part of raw[1 + COLUMNS] || []) node.parts.push(decode(part, node));
  node.label = node.facts.v ? `${node.name} ${node.facts.v}` : node.name;
  return node;
}

const ROOTS = { crate: decode(DATA.by_crate, null), section: decode(DATA.by_section, null) };

function* below(node) {
  for (const part of node.parts) {
    yield part;
    yield* below(part);
  }
}

const knows = (test) => {
  for (const root of Object.values(ROOTS)) for (const node of below(root)) if (test(node)) return true;
  return false;
};

// What can be shown: key, title, and the size of a node, null where it is not known.
const MEASURES = (IS_DIFF
  ? [
    { key: "file", title: "File", old: (node) => node.values[0], now: (node) => node.values[1] },
    { key: "zip", title: "In zip", old: (node) => node.values[2], now: (node) => node.values[3] },
  ]
  : [
    { key: "file", title: "File", now: (node) => node.values[0] },
    { key: "zip", title: "In zip", now: (node) => node.values[1] },
    { key: "touched", title: "Touched", now: (node) => node.values[2] },
    // What leaves with a crate overlaps with what leaves with its dependents: it has no sum, and no parts.
    { key: "retained", title: "Retained", now: (node) => node.facts.r ?? null, overlaps: true },
  ]).filter((measure) => knows((node) => measure.now(node) !== null));

function change(node, measure) {
  const [old, now] = [measure.old(node), measure.now(node)];
  return old === null || now === null ? null : now - old;
}

// The parts that a measure tells apart. A node whose parts are not known in it has none.
function partsOf(node, measure) {
  if (measure.overlaps && node.facts.t === "crate") return [];
  return node.parts.filter((part) => measure.now(part) !== null || (measure.overlaps && part.parts.length > 0));
}

// The area of a node. In a comparison that of its parts, so that areas can be compared all over the map.
function weigh(node, measure, area) {
  if (!IS_DIFF) return Math.max(0, measure.now(node) ?? 0);
  const key = measure.key + area;
  node.weights ??= {};
  if (node.weights[key] === undefined) {
    const parts = partsOf(node, measure);
    node.weights[key] = parts.length > 0
      ? parts.reduce((sum, part) => sum + weigh(part, measure, area), 0)
      : area === "change"
        ? Math.abs(change(node, measure) ?? 0)
        : Math.max(0, measure.old(node) ?? 0, measure.now(node) ?? 0);
  }
  return node.weights[key];
}

function pathOf(node) {
  const path = [];
  for (let at = node; at; at = at.parent) path.unshift(at);
  return path;
}

const grouped = new Intl.NumberFormat("en-US");
const exact = (bytes) => bytes === null ? "" : grouped.format(bytes).replace("-", "−");
const signed = (bytes) => bytes === null ? "" : (bytes > 0 ? "+" : "") + exact(bytes);

// As the other formats write it: 540.57 KiB.
function human(bytes) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let [size, unit] = [Math.abs(bytes), 0];
  while (size >= 1024 && unit < units.length - 1) { size /= 1024; unit += 1; }
  const text = Number.isInteger(size) ? String(size) : size.toFixed(2);
  return `${bytes < 0 ? "−" : ""}${text} ${units[unit]}`;
}
const signedHuman = (bytes) => (bytes > 0 ? "+" : "") + human(bytes);
const both = (bytes) => Math.abs(bytes) < 1024 ? human(bytes) : `${human(bytes)} (${exact(bytes)} bytes)`;
const percent = (part, whole) => whole > 0 ? `${(part * 100 / whole).toFixed(1)} %` : "";

