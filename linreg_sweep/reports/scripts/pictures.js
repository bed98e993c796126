// The laboratory's pictures: the path over lines of equal cost, the cost against the epoch, and the line through the
// data. Each returns { at, show }: where each moment of the descent stands, in pixels or null, and what shows one.

/** Lines of equal cost, each four times as high above the optimum as the one inside. */
const CONTOURS = 9;
const CONTOUR_RATIO = 4;

/** How far from the optimum, in times the picture's reach, a line of equal cost is drawn at most. */
const FAR = 1000;

const DOTS = 200;

/** How much further than its start a path may swing and still be shown whole. */
const FURTHEST = 6;

// A cost above which no axis can go on.
const HIGHEST = 1e290;

/** Features above which no equation is written. */
const MAX_TERMS = 6;

/** Returns the plane that a path is drawn in: what projects a state to it, its quadratic form, and its words. */
function planeOf(problem) {
  const size = problem.optimum.length;
  const targets = problem.optimum[0].length;
  if (size <= 2) {
    const entries = [...Array(size).keys()];
    const words = entries.map((row) => problem.parameters[row * targets].replaceAll("_", " "));
    return {
      words,
      title: size === 2 ? `Path of ${words.join(" and ")} over contours of the cost` : `Path of ${words[0]} on the cost`,
      project: (theta) => entries.map((row) => theta[row * targets]),
      form: problem.hessian,
      optimum: entries.map((row) => problem.optimum[row][0]),
    };
  }
  const basis = [problem.eigenvectors[0], problem.eigenvectors[size - 1]];
  return {
    words: ["along the flattest direction", "along the steepest"],
    title: "Path along the flattest and the steepest direction",
    project: (theta) =>
      basis.map((vector) => vector.reduce((sum, share, row) => sum + share * (theta[row * targets] - problem.optimum[row][0]), 0)),
    form: [
      [problem.eigenvalues[0], 0],
      [0, problem.eigenvalues[size - 1]],
    ],
    optimum: [0, 0],
  };
}

function drawPath(place, title, problem, result, trial) {
  const plane = planeOf(problem);
  title.textContent = plane.title;
  const track = result.kept.map(({ theta }) => plane.project(theta));
  if (track[0].length === 1) {
    return drawParabola(place, problem, plane, result);
  }
  let reach = plane.optimum.map((at, side) => 1.25 * Math.max(Math.abs(track[0][side] - at), 1e-9));
  reach = reach.map((side) => Math.max(side, 0.15 * Math.max(...reach)));
  if (result.outcome !== "diverged") {
    const swing = (side) => track.reduce((most, point) => Math.max(most, 1.1 * Math.abs(point[side] - plane.optimum[side])), 0);
    reach = reach.map((at, side) => Math.min(Math.max(at, swing(side)), FURTHEST * at));
  }
  const axes = plane.optimum.map((at, side) => ({ low: at - reach[side], high: at + reach[side], scale: "linear", words: plane.words[side] }));
  const { svg, inside, x, y } = chart(place, axes[0], axes[1], { ratio: 0.9 });
  const [[a, b], [, d]] = plane.form;
  const height = ([across, up]) => a * across * across + 2 * b * across * up + d * up * up;
  const top = Math.max(height(reach), height([reach[0], -reach[1]]));
  // even steps round a circle, by H = L D L' turned into steps round an ellipse, however long it is
  const shear = b / a || 0;
  const steep = [a, d - b * shear].map((curvature, side) => Math.sqrt(Math.max(curvature, (1e-8 * top) / reach[side] ** 2)));
  for (let level = 1; level <= CONTOURS && top > 0; level += 1) {
    const around = [];
    for (let step = 0; step <= 120; step += 1) {
      const angle = (step * Math.PI) / 60;
      const [across, up] = [Math.cos(angle) / steep[0], Math.sin(angle) / steep[1]];
      const way = [across - shear * up, up];
      const furthest = FAR / Math.max(Math.abs(way[0]) / reach[0], Math.abs(way[1]) / reach[1]);
      const times = Math.min(Math.sqrt((top * CONTOUR_RATIO ** -level) / Math.max(height(way), 1e-300)), furthest);
      around.push([x(plane.optimum[0] + times * way[0]), y(plane.optimum[1] + times * way[1])]);
    }
    inside.append(line(around, { class: "contour" }));
  }
  const isNear = (point) => point.every((value, side) => Math.abs(value - plane.optimum[side]) < 50 * reach[side]);
  const at = track.map((point) => (isNear(point) ? [x(point[0]), y(point[1])] : null));
  trace(inside, at.filter((point) => point !== null));
  inside.append(drawn("circle", { class: "optimum", cx: x(plane.optimum[0]), cy: y(plane.optimum[1]), r: 4 }));
  svg.setAttribute("aria-label", `${plane.title}: from ${track[0].map(sixDigits).join(", ")} at learning rate ${sixDigits(trial.learningRate)}, ${result.outcome}.`);
  return marked(inside, at);
}

/** Returns a picture's moments with a mark on the one that is shown. */
function marked(inside, at) {
  const mark = drawn("circle", { class: "moment", r: 5.5 });
  inside.append(mark);
  const show = (moment) => {
    const point = at[moment];
    mark.style.display = point === null ? "none" : "";
    if (point !== null) for (const [side, name] of ["cx", "cy"].entries()) mark.setAttribute(name, point[side].toFixed(1));
  };
  return { at, show };
}

/** Draws a path of pixels with its first states as dots, and its start as a ring. */
function trace(inside, points) {
  inside.append(line(points, { class: "path" }));
  for (const [x, y] of points.slice(1, DOTS)) inside.append(drawn("circle", { class: "dot", cx: x.toFixed(1), cy: y.toFixed(1), r: 1.8 }));
  inside.append(drawn("circle", { class: "start", cx: points[0][0], cy: points[0][1], r: 4.5 }));
}

/** Draws the path of the only parameter on its parabola of cost. */
function drawParabola(place, problem, plane, result) {
  const [at] = plane.optimum;
  const reach = 1.25 * Math.max(Math.abs(result.kept[0].theta[0] - at), 1e-9);
  const excess = (value) => plane.form[0][0] * problem.cost_per_loss * (value - at) ** 2;
  const axes = [
    { low: at - reach, high: at + reach, scale: "linear", words: plane.words[0] },
    { low: 0, high: excess(at + reach) || 1, scale: "linear", words: "cost above the optimum" },
  ];
  const { svg, inside, x, y } = chart(place, axes[0], axes[1], { ratio: 0.9 });
  const curve = [...Array(101).keys()].map((step) => at + reach * (step / 50 - 1));
  inside.append(line(curve.map((value) => [x(value), y(excess(value))]), { class: "contour" }));
  const points = result.kept.map(({ theta }) => (Math.abs(theta[0] - at) < 50 * reach ? [x(theta[0]), y(excess(theta[0]))] : null));
  trace(inside, points.filter((point) => point !== null));
  svg.setAttribute("aria-label", `${plane.title}: ${result.outcome}.`);
  return marked(inside, points);
}

function drawCost(place, problem, result, reference, loaded) {
  const level = Math.min(problem.converged_excess, HIGHEST);
  const highest = Math.max(level, ...[result, reference].map(({ kept }) => kept[0].excess).filter(Number.isFinite));
  const last = Math.max(result.epochs, reference.epochs, 1);
  const axes = [
    { low: 0, high: last, scale: "epochs", words: "epoch (log scale from 0)" },
    { low: level / 30, high: highest * 1e3, scale: "log", words: `squared units of ${problem.targets.join(", ")}` },
  ];
  const { svg, inside, x, y, box } = chart(place, axes[0], axes[1], { ratio: 0.9 });
  const curve = ({ kept }) => kept.map(({ epoch, excess }) => [x(epoch), excess > 0 ? y(excess) : NaN]);
  inside.append(line([[box.left, y(level)], [box.right, y(level)]], { class: "level" }));
  svg.append(drawn("text", { x: box.left + 4, y: y(level) - 5 }, "converged below"));
  if (loaded !== null && reference !== result) inside.append(line(curve(reference), { class: "recorded" }));
  inside.append(line(curve(result), { class: "path" }));
  svg.setAttribute("aria-label", `Cost above the optimum against the epoch: ${result.outcome} after ${counted(result.epochs)} epochs.`);
  return marked(inside, curve(result).map((point) => (point.every(Number.isFinite) ? point : null)));
}

/** Returns the first target's coefficients { weights, bias } of a state, in the units of the data. */
function coefficients(problem, theta) {
  const targets = problem.optimum[0].length;
  const weights = problem.x_scale.map((scale, row) => theta[row * targets] / scale);
  const bias = weights.length < problem.optimum.length ? theta[weights.length * targets] : 0;
  return { weights, bias: weights.reduce((sum, weight, row) => sum - weight * problem.x_mean[row], bias) };
}

/** Returns a state as an equation such as `price = 2.1 * size + 0.7`; null where there are many features. */
function equationOf(problem, theta) {
  if (problem.x_scale.length > MAX_TERMS) return null;
  const { weights, bias } = coefficients(problem, theta);
  const terms = weights.map((weight, row) => [weight, ` * ${problem.features[row]}`]);
  if (weights.length < problem.optimum.length) terms.push([bias, ""]);
  const signed = terms.map(([value, what], place) => {
    const sign = value < 0 ? (place ? " - " : "-") : place ? " + " : "";
    return `${sign}${sixDigits(Math.abs(value))}${what}`;
  });
  return `${problem.targets[0]} = ${signed.join("")}`;
}

/** Draws the data of one feature, the line of a moment through them, and that of least squares. */
function drawFit(place, problem, result) {
  const { x: across, y: up } = problem.points;
  const axes = [
    { ...axisAround(endsOf(across), false, 0.04), words: problem.features[0] },
    { ...axisAround(endsOf(up), false, 0.15), words: problem.targets[0] },
  ];
  const { svg, inside, x, y } = chart(place, axes[0], axes[1], { ratio: 0.9 });
  for (const [row, value] of across.entries()) inside.append(drawn("circle", { class: "datum", cx: x(value).toFixed(1), cy: y(up[row]).toFixed(1), r: 2.5 }));
  const ends = [axes[0].low, axes[0].high];
  const lineOf = (theta) => {
    const { weights, bias } = coefficients(problem, theta);
    const heights = ends.map((end) => weights[0] * end + bias);
    return heights.map((height, side) => [x(ends[side]), Math.min(Math.max(y(height), -1e5), 1e5)]);
  };
  const best = problem.optimum.flat();
  inside.append(line(lineOf(best), { class: "recorded" }));
  const fitted = line(lineOf(result.theta ?? best), { class: "path" });
  inside.append(fitted);
  svg.setAttribute("aria-label", `${problem.targets[0]} against ${problem.features[0]}: ${counted(across.length)} rows, the line at the epoch shown, and least squares in grey.`);
  return {
    at: null,
    show(moment) {
      fitted.setAttribute("d", line(lineOf(result.kept[moment].theta), {}).getAttribute("d") || "M0 0");
    },
  };
}
