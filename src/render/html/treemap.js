// Squarified treemap (Bruls, Huizing, van Wijk 2000). Pure: weights and a box in, boxes out.
"use strict";

// `items` have a `weight` above 0 and come largest first. Returns {item, x, y, w, h} for each.
function squarify(items, box) {
  const total = items.reduce((sum, item) => sum + item.weight, 0);
  const placed = [];
  if (total <= 0 || box.w <= 0 || box.h <= 0) return placed;
  const scale = (box.w * box.h) / total;
  let { x, y, w, h } = box;
  let row = [];
  let rowArea = 0;

  // The worst ratio of sides in a row of this area along a side of this length.
  const worst = (largest, smallest, area, side) =>
    Math.max((side * side * largest) / (area * area), (area * area) / (side * side * smallest));

  function layRow() {
    const along = Math.min(w, h);
    const across = rowArea / along;
    let at = 0;
    for (const item of row) {
      const length = (item.weight * scale) / across;
      placed.push(w >= h
        ? { item, x, y: y + at, w: across, h: length }
        : { item, x: x + at, y, w: length, h: across });
      at += length;
    }
    if (w >= h) { x += across; w -= across; } else { y += across; h -= across; }
    row = [];
    rowArea = 0;
  }

  for (const item of items) {
    const area = item.weight * scale;
    const side = Math.min(w, h);
    if (row.length > 0) {
      const largest = row[0].weight * scale;
      const smallest = row[row.length - 1].weight * scale;
      const as_is = worst(largest, smallest, rowArea, side);
      const with_it = worst(largest, area, rowArea + area, side);
      if (with_it > as_is) layRow();
    }
    row.push(item);
    rowArea += area;
  }
  if (row.length > 0) layRow();
  return placed;
}

