// The picture that a comparison opens with: what became of each run's trials along the parameter of their maps.

/** Colours of runs, by Okabe and Ito, told apart by the colour-blind; dashes tell them apart in print. */
const RUNS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "1 4", "12 4"];

/** Points of a run above which they are small. */
const MANY = 60;

/** Draws runs, if all have the same parameter across their maps; given: [{ name, map }]. */
function showComparison(place, runs) {
  const sides = runs.map(({ map }) => map.x);
  const areWords = ({ values }) => typeof values?.[0] === "string";
  const isShared = sides.every((side) => side.name === sides[0].name && areWords(side) === areWords(sides[0]));
  place.hidden = !isShared;
  if (!isShared) return;
  const labels = areWords(sides[0]) ? [...new Set(sides.flatMap((side) => side.values))] : null;
  const curves = runs.map(({ map }) => alongOf(map, labels));
  const ends = labels ? [-0.5, labels.length - 0.5] : endsOf(curves.flat().map((point) => point.at));
  const across = { ...axisAround(ends, sides.every((side) => side.log)), words: sides[0].words, labels };
  const costs = curves.flatMap((curve) => curve.map((point) => point.cost)).filter((cost) => Number.isFinite(cost) && cost > 0);
  const pictures = [
    { of: "share", axis: { low: -0.03, high: 1.03, scale: "linear", words: "share of trials that converged" } },
    { of: "cost", axis: { ...axisAround(endsOf(costs), true), words: "least cost (squared units of the target)" } },
  ];
  redrawn(place, () => {
    const charts = place.querySelectorAll("[data-curves]");
    pictures.forEach(({ of, axis }, number) => {
      const figure = charts[number];
      figure.hidden = of === "cost" && !costs.length;
      if (figure.hidden) return;
      const { svg, inside, x, y } = chart(figure, across, axis, { ratio: 0.6 });
      const tip = tooltip(figure);
      curves.forEach((curve, run) => {
        const looks = { fill: "none", stroke: RUNS[run % RUNS.length], "stroke-width": 2, "stroke-dasharray": DASHES[run % DASHES.length] };
        inside.append(line(curve.map((point) => [x(point.at), y(point[of])]), looks));
        for (const point of curve) {
          if (!Number.isFinite(point[of])) continue;
          inside.append(drawn("circle", { cx: x(point.at).toFixed(1), cy: y(point[of]).toFixed(1), r: curve.length > MANY ? 1.5 : 3.5, fill: looks.stroke, "data-words": `${runs[run].name}: ${point.label}, ${sixDigits(point[of])}` }));
        }
      });
      svg.addEventListener("pointerover", (event) => (event.target.dataset.words ? tip.show([event.target.dataset.words], ...within(figure, event)) : tip.hide()));
      svg.addEventListener("pointerleave", tip.hide);
      svg.setAttribute("aria-label", `${axis.words} over ${across.words}, of ${runs.map((run) => run.name).join(", ")}.`);
    });
  });
  const dash = (run) => drawn("svg", { viewBox: "0 0 24 10", class: "dash", "aria-hidden": "true" }, drawn("line", { x1: 0, x2: 24, y1: 5, y2: 5, stroke: RUNS[run % RUNS.length], "stroke-width": 2.5, "stroke-dasharray": DASHES[run % DASHES.length] }));
  place.querySelector(".legend").replaceChildren(...runs.map(({ name }, run) => element("span", {}, dash(run), name)));
}

/** Returns what became of a run's trials at each place of its map's lower side, over all rows; labels: its words. */
function alongOf(map, labels) {
  const { edges, values, log } = map.x;
  const width = edges.length - 1;
  const columns = Array.from({ length: width }, () => ({ trials: 0, converged: 0, cost: Infinity }));
  map.trials.forEach((trials, cell) => {
    const column = columns[cell % width];
    const cost = map.best_cost[cell];
    column.trials += trials;
    column.converged += map.converged[cell];
    if (!Number.isNaN(cost)) column.cost = Math.min(column.cost, cost);
  });
  return columns.map(({ trials, converged, cost }, column) => {
    const [low, high] = [edges[column], edges[column + 1]];
    const middle = log ? Math.sqrt(low) * Math.sqrt(high) : (low + high) / 2;
    const at = labels ? labels.indexOf(values[column]) : (values?.[column] ?? middle);
    return { at, label: map.x.labels[column], share: trials ? converged / trials : NaN, cost: Number.isFinite(cost) ? cost : NaN };
  });
}
