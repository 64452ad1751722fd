// What is said of a node, and in which colour. Uses the page's state, so it is called after the page has started.

// ---- Words for a node --------------------------------------------------------------------------------------------------------------

const noun = (count, one, many) => `${exact(count)} ${count === 1 ? one : many}`;

function sizeWords(node, measure = state.measure) {
  const now = measure.now(node);
  if (now === null) return "not known";
  if (!IS_DIFF) return both(now);
  return `${both(measure.old(node))} → ${both(now)}, ${signedHuman(change(node, measure))}`;
}

function describe(node) {
  const words = [node.label, sortOf(node), sizeWords(node)];
  const now = state.measure.now(node);
  if (!IS_DIFF && now !== null && !state.measure.overlaps) words.push(`${percent(now, state.measure.now(state.zoom))} of ${state.zoom.label}`);
  if (node.facts.d) words.push(node.facts.d);
  if (canZoom(node)) words.push(noun(partsOf(node, state.measure).length, "part", "parts"));
  return words.filter(Boolean).join(", ");
}

function tipOf(node) {
  const rows = [];
  const add = (name, value) => { if (value) rows.push(element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }))); };
  for (const measure of MEASURES) {
    if (measure.now(node) === null) continue;
    if (IS_DIFF) {
      add(`${measure.title} before`, both(measure.old(node)));
      add(`${measure.title} after`, both(measure.now(node)));
      add("Change", `${signedHuman(change(node, measure))} (${signed(change(node, measure))} bytes)`);
    } else {
      add(measure.title, both(measure.now(node)));
    }
  }
  const [now, whole] = [state.measure.now(node), state.measure.now(state.zoom)];
  if (!IS_DIFF && now !== null && whole !== null && !state.measure.overlaps) add("Share", `${percent(now, whole)} of ${state.zoom.label}`);
  add("Kind", node.facts.k);
  add("Status", node.facts.d);
  add("Section", DATA.sections[node.facts.s]);
  add("Functions", node.facts.f ? exact(node.facts.f) : "");
  add("Path", (node.facts.w ?? []).join(" > "));
  return [element("strong", { textContent: node.label }), element("dl", {}, ...rows)];
}

// ---- Colours -----------------------------------------------------------------------------------------------------------------------

// Neighbours of one kind differ a little, the same way in each run.
function shift(text) {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 997;
  return (sum % 13) - 6;
}

function paint(node) {
  if (IS_DIFF) {
    const delta = change(node, state.measure) ?? 0;
    const size = Math.max(state.measure.old(node) ?? 0, state.measure.now(node) ?? 0);
    const heat = size > 0 ? Math.min(1, Math.sqrt(Math.abs(delta) / size)) : 0;
    return { trend: delta > 0 ? "grew" : delta < 0 ? "shrank" : "same", heat };
  }
  for (let at = node; at; at = at.parent) {
    if (at.facts.k && (at.facts.t === "crate" || at.facts.t === "section" || at.facts.t === "file")) return { kind: at.facts.k, shift: shift(at.name) };
  }
  return { kind: "program", shift: 0 };
}

function colour(made, node) {
  const { trend, heat, kind, shift: by } = paint(node);
  if (trend) {
    made.dataset.trend = trend;
    made.style.setProperty("--heat", heat.toFixed(2));
  } else {
    made.dataset.kind = kind;
    made.style.setProperty("--shift", by);
  }
}

function drawLegend(nodes) {
  const names = IS_DIFF
    ? [["grew", "grew"], ["shrank", "shrank"], ["same", "the same"]]
    : [...new Set(nodes.map((node) => paint(node).kind))].map((kind) => [kind, kind]);
  const item = ([key, text]) => {
    const swatch = element("span", { className: "swatch", dataset: IS_DIFF ? { trend: key } : { kind: key } });
    if (IS_DIFF) swatch.style.setProperty("--heat", key === "same" ? 0 : 0.8);
    return element("li", {}, swatch, text);
  };
  $("legend").replaceChildren(...(names.length > 1 || IS_DIFF ? names.map(item) : []));
}

