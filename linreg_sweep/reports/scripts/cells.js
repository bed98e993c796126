// The cells of a map: where they are, and how they are drawn, each as an element or, of many, as one picture of which a
// dot has the colour of the cell at its middle.

/** Cells up to which each is an element. */
const MAX_ELEMENTS = 4000;

/**
 * Returns where the cells of a map are in a chart, in its pixels.
 *
 * @param map what payload.py gives.
 * @param paper the chart, see charts.js.
 * @returns { outline(cell), at(x, y), shown(), places(dots) }: the corners of a cell, the cell at a point or null, the
 *   columns and rows of which any part is within the frame, and those at each of so many dots to a pixel; -1: none.
 */
function gridOf(map, { x, y, box }) {
  const across = map.x.edges.map(x);
  const upwards = map.y ? map.y.edges.map(y) : [y(0), y(1)];
  const [wide, tall] = [across.length - 1, upwards.length - 1];
  const all = (count) => [...Array(count).keys()];
  const own = map.fills_rows && all(tall).map((above) => all(wide).filter((place) => map.trials[above * wide + place]));
  const column = (at) => across.findIndex((edge) => edge > at) - 1;
  const row = (at) => upwards.findIndex((edge) => edge < at) - 1;
  const isWithin = (at, [from, to]) => at >= from && at < to;
  /** Returns where a cell begins and ends; in a row with columns of its own halfway to the next of these. */
  function ends(place, above) {
    const row = own ? own[above] : [place];
    const at = row.indexOf(place);
    const halfway = (cell) => (across[row[cell - 1] + 1] + across[row[cell]]) / 2;
    return [halfway(at) || across[place], halfway(at + 1) || across[place + 1]];
  }
  return {
    outline(cell) {
      const [place, above] = [cell % wide, Math.floor(cell / wide)];
      const [left, right] = ends(place, above);
      return { left, right, bottom: upwards[above], top: upwards[above + 1] };
    },
    at(left, top) {
      if (!isWithin(left, [box.left, box.right]) || !isWithin(top, [box.top, box.bottom])) return null;
      const above = row(top);
      const place = own?.[above]?.find((each) => isWithin(left, ends(each, above))) ?? column(left);
      return place < 0 || above < 0 ? null : above * wide + place;
    },
    shown() {
      const columns = all(wide).filter((place) => own || (across[place + 1] > box.left && across[place] < box.right));
      const rows = all(tall).filter((place) => upwards[place + 1] < box.bottom && upwards[place] > box.top);
      return [columns, rows];
    },
    places(dots) {
      const along = (from, to, find) => Array.from({ length: Math.round((to - from) * dots) }, (_, dot) => Math.max(find(from + (dot + 0.5) / dots), -1));
      return [along(box.left, box.right, column), along(box.top, box.bottom, row)];
    },
  };
}

/** Draws cells into a chart; colours: of each, see coloursOf. */
function drawCells({ inside, box }, grid, map, colours) {
  const group = drawn("g", { class: "cells" });
  inside.append(group);
  const wide = map.x.edges.length - 1;
  const [columns, rows] = grid.shown();
  if (columns.length * rows.length <= MAX_ELEMENTS) {
    for (const cell of rows.flatMap((row) => columns.map((column) => row * wide + column))) {
      if (!colours[cell]) continue;
      const [colour, isFaint] = fromDot(colours[cell]);
      group.append(drawn("rect", { "data-cell": cell, class: isFaint ? "faint" : null, fill: inCss(colour), ...asRect(grid.outline(cell), 0.3) }));
    }
    return;
  }
  const [across, down] = grid.places(window.devicePixelRatio || 1);
  const picture = new Uint32Array(across.length * down.length);
  down.forEach((row, line) => {
    if (row < 0) return;
    for (let dot = 0; dot < across.length; dot += 1) {
      if (across[dot] >= 0) picture[line * across.length + dot] = colours[row * wide + across[dot]];
    }
  });
  const canvas = element("canvas", { width: across.length, height: down.length });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(picture.buffer), across.length, down.length), 0, 0);
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  group.append(drawn("image", { href: canvas.toDataURL(), x: box.left, y: box.top, width, height, preserveAspectRatio: "none" }));
}

/** Returns an outline as a rectangle of SVG has it; more: pixels by which it reaches under its neighbours. */
function asRect({ left, right, bottom, top }, more = 0) {
  return { x: left.toFixed(2), y: top.toFixed(2), width: (right - left + more).toFixed(2), height: (bottom - top + more).toFixed(2) };
}
