// The cells of a map: where they are, and how they are drawn, each as an element or, of many, all as one picture.

/** Cells up to which each is an element. */
const MAX_ELEMENTS = 4000;

/** How much shines through a cell that does not stand out. */
const FAINT = 0.12;

/**
 * Returns where the cells of a map are in a chart, in its pixels.
 *
 * @param map what payload.py gives.
 * @param paper the chart, see charts.js.
 * @returns { outline(cell), at(x, y), shown() }: the corners of a cell, the cell at a point or null, and the cells of
 *   which any part is within the frame.
 */
function gridOf(map, { x, y, box }) {
  const across = map.x.edges.map(x);
  const upwards = map.y ? map.y.edges.map(y) : [y(0), y(1)];
  const wide = across.length - 1;
  const column = (at) => across.findIndex((edge) => edge > at) - 1;
  const row = (at) => upwards.findIndex((edge) => edge < at) - 1;
  const isWithin = (at, [from, to]) => at >= from && at < to;
  return {
    outline(cell) {
      const [place, above] = [cell % wide, Math.floor(cell / wide)];
      return { left: across[place], right: across[place + 1], bottom: upwards[above], top: upwards[above + 1] };
    },
    at(left, top) {
      if (!isWithin(left, [box.left, box.right]) || !isWithin(top, [box.top, box.bottom])) return null;
      const [place, above] = [column(left), row(top)];
      return place < 0 || above < 0 ? null : above * wide + place;
    },
    shown() {
      const columns = [...Array(wide).keys()].filter((place) => across[place + 1] > box.left && across[place] < box.right);
      const rows = [...Array(upwards.length - 1).keys()].filter((place) => upwards[place + 1] < box.bottom && upwards[place] > box.top);
      return rows.flatMap((above) => columns.map((place) => above * wide + place));
    },
  };
}

/** Draws cells into a chart, by what returns the colour of each and whether it is faint. */
function drawCells({ inside, box }, grid, cells, colourOf, isFaint) {
  const group = drawn("g", { class: "cells" });
  inside.append(group);
  if (cells.length <= MAX_ELEMENTS) {
    for (const cell of cells) {
      group.append(drawn("rect", { "data-cell": cell, class: isFaint(cell) ? "faint" : null, fill: colourOf(cell), ...asRect(grid.outline(cell), 0.3) }));
    }
    return;
  }
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  const dots = window.devicePixelRatio || 1;
  const canvas = element("canvas", { width: Math.round(width * dots), height: Math.round(height * dots) });
  const pen = canvas.getContext("2d");
  const toDots = (pixels, from) => Math.round((pixels - from) * dots);
  for (const cell of cells) {
    const { left, right, bottom, top } = grid.outline(cell);
    const [x, y] = [toDots(left, box.left), toDots(top, box.top)];
    pen.globalAlpha = isFaint(cell) ? FAINT : 1;
    pen.fillStyle = colourOf(cell);
    pen.fillRect(x, y, toDots(right, box.left) - x, toDots(bottom, box.top) - y);
  }
  group.append(drawn("image", { href: canvas.toDataURL(), x: box.left, y: box.top, width, height, preserveAspectRatio: "none" }));
}

/** Returns an outline as a rectangle of SVG has it; more: pixels by which it reaches under its neighbours. */
function asRect({ left, right, bottom, top }, more = 0) {
  return { x: left.toFixed(2), y: top.toFixed(2), width: (right - left + more).toFixed(2), height: (bottom - top + more).toFixed(2) };
}
