// The regimes along the top of a map, each name over its own bar.

/** Returns texts { middle, width }, from left to right, moved so that none overlap or end beyond a place. */
function apart(texts, end) {
  const moved = texts.map((text) => ({ ...text }));
  let limit = end;
  for (const text of [...moved].reverse()) {
    text.middle = Math.min(text.middle, limit - text.width / 2);
    limit = text.middle - text.width / 2;
  }
  limit = 0;
  for (const text of moved) {
    text.middle = Math.max(text.middle, limit + text.width / 2);
    limit = text.middle + text.width / 2;
  }
  return moved;
}

/** Draws a bar along the top over the columns of each regime, and their names above, a line from each to its bar. */
function nameRegimes({ svg, x, box }, map) {
  const top = box.top - 6;
  const names = [];
  for (let start = 0, stop = 1; stop <= map.regimes.length; stop += 1) {
    if (stop < map.regimes.length && map.regimes[stop] === map.regimes[start]) continue;
    const [left, right] = [Math.max(x(map.x.edges[start]), box.left) + 1, Math.min(x(map.x.edges[stop]), box.right) - 1];
    const name = map.regimes[start];
    if (name !== null && right > left - 1) {
      svg.append(drawn("line", { class: "regime", x1: left, x2: Math.max(right, left + 1), y1: top, y2: top }));
      names.push({ name, of: (left + right) / 2, middle: (left + right) / 2, width: LETTER * (name.length + 1) });
    }
    start = stop;
  }
  for (const { name, of, middle } of apart(names, box.right + MARGIN.right)) {
    svg.append(drawn("line", { class: "leader", x1: of, x2: middle, y1: top, y2: top - 7 }));
    svg.append(drawn("text", { x: middle, y: top - 9, "text-anchor": "middle" }, name));
  }
}
