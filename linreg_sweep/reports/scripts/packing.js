// What a page was given: JSON, compressed, in base64, with the numbers of many cells packed; see packing.py.

/** Returns bytes that stand compressed in base64. */
async function bytesOf(text) {
  const squeezed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Uint8Array(await new Response(new Blob([squeezed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

/** Returns whole numbers from what packing.py makes of them. */
async function wholeOf({ count, wide, bytes }) {
  const planes = await bytesOf(bytes);
  const found = new Float64Array(count);
  const deep = planes.length / count;
  for (let at = 0; at < count; at += 1) {
    let code = 0;
    for (let plane = deep - 1; plane >= 0; plane -= 1) code = 256 * code + planes[plane * count + at];
    const left = at % wide ? found[at - 1] : 0;
    const below = at < wide ? 0 : found[at - wide] - (at % wide ? found[at - wide - 1] : 0);
    found[at] = left + below + (code % 2 ? -(code + 1) / 2 : code / 2);
  }
  return found;
}

/** Returns numbers from JSON or packed, NaN where one is missing. */
async function numbersOf(given) {
  if (Array.isArray(given)) return Float64Array.from(given, (cell) => (cell === null ? NaN : numberOf(cell)));
  const whole = await wholeOf(given);
  if (given.of === "halves") return whole.map((twice) => (twice < 0 ? NaN : twice / 2));
  const found = new DataView(new ArrayBuffer(8 * whole.length));
  whole.forEach((word, place) => found.setInt32(8 * place + 4, word, true));
  return new Float64Array(found.buffer);
}

/** Returns what looks up a cell of a column of JSON, packed or not, by its row. */
async function cellsOf({ number, cells, rows, different }) {
  const plain = (some) => (number ? some.map(numberOf) : some);
  const listed = rows ?? cells;
  const found = Array.isArray(listed) ? plain(listed) : await wholeOf(listed);
  const known = different && plain(different);
  return known ? (row) => known[found[row]] : (row) => found[row];
}

/** Returns a map with its numbers unpacked, one a cell. */
async function unpackedMap(map, outcomes) {
  const names = ["trials", ...outcomes, "median_converged_at", "best_cost", "first_trial"];
  const columns = await Promise.all(names.map((name) => numbersOf(map[name])));
  const regimeOf = await cellsOf(map.regime.rows ? map.regime : { cells: map.regime });
  return { ...map, ...Object.fromEntries(names.map((name, place) => [name, columns[place]])), regimeOf, isExact: Array.isArray(map.best_cost) };
}

/** Returns what looks up a trial by its number: what returns its settings by their names, or null. */
async function settingsFrom([trial, ...settings]) {
  const trials = await wholeOf(trial.cells);
  const found = new Map(await Promise.all(settings.map(async (column) => [column.name, await cellsOf(column)])));
  return (number) => {
    const row = trials.indexOf(number);
    return row < 0 ? null : (name) => (name === "trial" ? number : (found.get(name)?.(row) ?? null));
  };
}

/** Returns what the page was given of a run. */
async function given(text) {
  const payload = JSON.parse(new TextDecoder().decode(await bytesOf(text)));
  const maps = payload.maps.map((map) => unpackedMap(map, Object.keys(payload.outcomes)));
  return { ...payload, maps: await Promise.all(maps), others: await settingsFrom(payload.others) };
}
