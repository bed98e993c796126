// What a map says in words: the numbers of a cell, and what its colours and lines mean.

/** Returns what is told of a cell [{ name, words, value, text }]; outcomes: their names. */
function entriesOf(map, cell, outcomes) {
  const wide = map.x.edges.length - 1;
  const sides = [[map.x, cell % wide], [map.y, Math.floor(cell / wide)]].filter(([side]) => side);
  const median = map.median_converged_at[cell];
  const cost = map.best_cost[cell];
  const entries = [
    ...sides.map(([side, place]) => ({ name: side.name, words: spaced(side.name), text: side.labels[place] })),
    ...["trials", ...outcomes].map((name) => ({ name, words: name, value: map[name][cell] })),
    { name: "median_converged_at", words: "epochs to convergence (median)", value: median, text: counted(median) },
    { name: "best_cost", words: "least cost (squared units of the target)", value: map.isExact ? cost : sixDigits(cost), text: counted(cost) },
    { name: "regime", words: "regime", text: spaced(map.regimeOf(cell) ?? "") },
    { name: "first_trial", words: "first trial", value: map.first_trial[cell], text: counted(map.first_trial[cell]) },
  ];
  return entries.filter((entry) => entry.text !== "");
}

/**
 * Returns the legend of a map.
 *
 * @param map what payload.py gives.
 * @param outcomes their colours, by their names.
 * @param colour what the colours show: outcome, epochs or cost.
 * @param shares see shareOf.
 * @param hasBest whether the best trial is in one of its cells.
 */
function legendOf(map, outcomes, colour, shares, hasBest) {
  const parts = [];
  const names = Object.keys(outcomes);
  const byOutcome = colour === "outcome";
  if (!byOutcome && shares.known) {
    const bar = drawn("svg", { viewBox: "0 0 90 10", class: "ramp", preserveAspectRatio: "none", "aria-hidden": "true" });
    for (let step = 0; step < 30; step += 1) {
      bar.append(drawn("rect", { x: 3 * step, width: 3.2, height: 10, fill: ramp((step + 0.5) / 30) }));
    }
    const [words, of] = colour === "cost" ? ["least cost", "squared units of the target"] : ["epochs to convergence", "median"];
    parts.push([counted(shares.low), bar, `${counted(shares.high)} ${words} (${of}${shares.byRatio ? ", log scale" : ""})`]);
  }
  const numbers = colour === "cost" ? map.best_cost : map.median_converged_at;
  const hasItsColour = (cell) => byOutcome || !Number.isFinite(numbers[cell]);
  for (const name of names) {
    if (map[name].some((count, cell) => count > 0 && hasItsColour(cell))) parts.push([patch(outcomes[name]), name]);
  }
  const counts = names.map((name) => map[name]);
  const several = map.trials.some((trials, cell) => counts.every((count) => count[cell] < trials));
  if (byOutcome && several) parts.push(["a cell with several outcomes has a mixed colour"]);
  if (map.edge) {
    const dashes = drawn("line", { class: "edge", x1: 0, x2: 24, y1: 5, y2: 5 });
    parts.push([drawn("svg", { viewBox: "0 0 24 10", class: "dash", "aria-hidden": "true" }, dashes), map.edge.words]);
  }
  if (map.trials.some((trials) => !trials)) parts.push([patch("none"), "no trials"]);
  if (hasBest) parts.push([drawn("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, ...ring(7, 7)), "best trial"]);
  if (map.left_out) parts.push([`${counted(map.left_out)} trials have no value on one of the axes`]);
  return parts.map((part) => element("span", {}, ...part));
}

/** Returns the ring that marks the best trial. */
function ring(cx, cy) {
  return ["best", "best-inner"].map((name) => drawn("circle", { class: name, cx, cy, r: 5 }));
}
