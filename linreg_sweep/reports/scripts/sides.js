// A side of a map: its cells lie between edges; the values of equal cells, words or listed numbers, are named one by one.

/** Returns a side as an axis { low, high, ... } over the shares [from, to] of it that are shown. */
function axisOf(side, [from, to]) {
  const scale = side.log && !side.values ? "log" : "linear";
  const ends = [side.edges[0], side.edges[side.edges.length - 1]];
  const [low, high] = ends.map(SCALES[scale].to);
  const at = (share) => SCALES[scale].back(low * (1 - share) + high * share);
  return {
    low: from === 0 ? ends[0] : at(from),
    high: to === 1 ? ends[1] : at(to),
    scale,
    words: side.words,
    labels: side.values && side.labels,
    areNumbers: typeof side.values?.[0] === "number",
  };
}

/** Returns the place of the cell that a value is in; null: in none. */
function placeOn(side, value) {
  if (value === null) return null;
  if (side.values) {
    const place = side.values.indexOf(value);
    return place < 0 ? null : place;
  }
  const above = side.edges.findIndex((edge) => edge > value);
  return above < 0 ? side.edges.length - 2 : Math.max(above - 1, 0);
}

/** Returns the comparison that the values in a side's cells meet, from the first cell to the last. */
function ofCells(side, first, last) {
  if (side.values) return isOneOf(side.name, side.values.slice(first, last + 1));
  const [low, high] = [side.edges[first], side.edges[last + 1]];
  const sign = last + 2 === side.edges.length ? "<=" : "<";
  return `${named(side.name)} >= ${low} and ${named(side.name)} ${sign} ${high}`;
}

/** Returns the comparison that the values in a part of a side meet; null: it is the whole. */
function ofPart(side, [from, to]) {
  if (from === 0 && to === 1) return null;
  const { low, high } = axisOf(side, [from, to]);
  const inside = [...side.edges.keys()].filter((place) => side.edges[place + 1] > low && side.edges[place] < high);
  return ofCells(side, inside[0], inside[inside.length - 1]);
}
