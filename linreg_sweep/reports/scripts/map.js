// The map: what became of the trials over two parameters, a cell a trial or all trials of a range.

/** Stops of the colours of epochs, few to many: viridis, by Smith and van der Walt, as matplotlib has it. */
const RAMP = ["#fde725", "#7ad151", "#22a884", "#2a788e", "#414487", "#440154"];

const EMPTY_CELL = "No trial is here.";

/** Returns [red, green, blue] of a colour such as #0072B2. */
function channels(colour) {
  return [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
}

/** Returns the mixture of colours by their weights, which add up to 1. */
function mixed(colours, weights) {
  const sums = [0, 0, 0];
  colours.forEach((colour, place) => {
    channels(colour).forEach((value, channel) => (sums[channel] += value * weights[place]));
  });
  return `rgb(${sums.map(Math.round).join(" ")})`;
}

/** Returns the colour of a share from 0 (few epochs) to 1 (many). */
function ramp(share) {
  const place = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const below = Math.min(Math.floor(place), RAMP.length - 2);
  return mixed([RAMP[below], RAMP[below + 1]], [1 - (place - below), place - below]);
}

/** Returns what turns epochs into a share, by ratio where they span more than thirtyfold. */
function shareOfEpochs(epochs) {
  const known = epochs.filter((value) => value !== null);
  const low = Math.max(1, Math.min(...known));
  const high = Math.max(2, Math.max(...known));
  const byRatio = high / low > 30;
  const share = byRatio
    ? (value) => Math.log(Math.max(value, low) / low) / Math.log(high / low)
    : (value) => value / high;
  return { share, low: byRatio ? low : 0, high, known: known.length > 0, byRatio };
}

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

/**
 * Shows the maps of a run.
 *
 * @param article the run's part of the page.
 * @param payload what the page was given of the run.
 * @param choose called with the number of the first trial of a cell that was clicked.
 * @param best returns the best trial's value of a parameter.
 * @returns { hold }: marks the cell of a trial, by what returns its value of a parameter.
 */
function showMap(article, payload, choose, best) {
  const place = article.querySelector("[data-map]");
  const which = article.querySelector("[data-map-which]");
  const colour = article.querySelector("[data-map-colour]");
  const names = Object.keys(payload.outcomes);
  const colours = Object.values(payload.outcomes);
  let [held, pointed, paper, valueOf] = [null, null, null, null];

  payload.maps.forEach((found, number) => {
    const across = spaced(found.x.name);
    const words = found.y ? `${across} and ${spaced(found.y.name)}` : across;
    which.append(element("option", { value: number }, words));
  });
  which.closest("label").hidden = payload.maps.length < 2;

  const found = () => payload.maps[Number(which.value)];
  const wide = () => found().x.edges.length - 1;
  const tall = () => (found().y ? found().y.edges.length - 1 : 1);

  function colourOf(cell, epochs) {
    const map = found();
    const counts = names.map((name) => map[name][cell]);
    if (colour.value === "outcome") return mixed(colours, counts.map((count) => count / map.trials[cell]));
    const median = map.median_converged_at[cell];
    if (median !== null) return ramp(epochs.share(median));
    return colours[counts.indexOf(Math.max(...counts))];
  }

  function axisOf(axis) {
    return {
      low: axis.edges[0],
      high: axis.edges[axis.edges.length - 1],
      scale: axis.log ? "log" : "linear",
      words: axis.words,
      labels: axis.words_at,
    };
  }

  function draw() {
    const map = found();
    const named = map.regimes.some((name) => name !== null);
    const ratio = map.y ? 0.72 : 0.4;
    paper = chart(place, axisOf(map.x), map.y ? axisOf(map.y) : null, { ratio, top: named ? 51 : 30 });
    const { svg, inside, x, y } = paper;
    const epochs = shareOfEpochs(map.median_converged_at);
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("role", "application");
    svg.setAttribute("aria-roledescription", "map");
    svg.setAttribute(
      "aria-label",
      `Map of ${wide() * tall()} cells: ${map.x.words} to the right${map.y ? `, ${map.y.words} upwards` : ""}.` +
        " Arrow keys move, Enter chooses.",
    );
    for (let cell = 0; cell < map.trials.length; cell += 1) {
      if (!map.trials[cell]) continue;
      inside.append(drawn("rect", { "data-cell": cell, fill: colourOf(cell, epochs), ...outline(cell) }));
    }
    if (map.edge) {
      const height = (number) => map.edge.heights[number];
      const points = map.edge.rates.map((rate, number) => (rate === null || height(number) === null ? [NaN, NaN] : [x(numberOf(rate)), y(height(number))]));
      inside.append(line(points, { class: "edge" }));
    }
    if (named) nameRegimes(svg, map, x);
    markBest(svg);
    mark();
    explain(epochs);
  }

  /** Returns where a cell is, in pixels. */
  function outline(cell) {
    const { x, y } = paper;
    const map = found();
    const [column, row] = [cell % wide(), Math.floor(cell / wide())];
    const [left, right] = [x(map.x.edges[column]), x(map.x.edges[column + 1])];
    const [bottom, top] = map.y ? [y(map.y.edges[row]), y(map.y.edges[row + 1])] : [y(0), y(1)];
    return { x: left.toFixed(2), y: top.toFixed(2), width: (right - left + 0.3).toFixed(2), height: (bottom - top + 0.3).toFixed(2) };
  }

  /** Draws a ring in the cell of the best trial. */
  function markBest(svg) {
    const cell = locate(best);
    if (cell === null) return;
    const { x, y, width, height } = Object.fromEntries(Object.entries(outline(cell)).map(([name, value]) => [name, Number(value)]));
    for (const name of ["best", "best-inner"]) svg.append(drawn("circle", { class: name, cx: x + width / 2, cy: y + height / 2, r: 5 }));
  }

  /** Draws a bar along the top over the columns of each regime, and their names above, a line from each to its bar. */
  function nameRegimes(svg, map, x) {
    const top = paper.box.top - 6;
    const names = [];
    for (let start = 0, stop = 1; stop <= map.regimes.length; stop += 1) {
      if (stop < map.regimes.length && map.regimes[stop] === map.regimes[start]) continue;
      const [left, right] = [x(map.x.edges[start]) + 1, x(map.x.edges[stop]) - 1];
      const name = map.regimes[start];
      if (name !== null) {
        svg.append(drawn("line", { class: "regime", x1: left, x2: Math.max(right, left + 1), y1: top, y2: top }));
        names.push({ name, of: (left + right) / 2, middle: (left + right) / 2, width: LETTER * (name.length + 1) });
      }
      start = stop;
    }
    for (const { name, of, middle } of apart(names, paper.box.right + MARGIN.right)) {
      svg.append(drawn("line", { class: "leader", x1: of, x2: middle, y1: top, y2: top - 7 }));
      svg.append(drawn("text", { x: middle, y: top - 9, "text-anchor": "middle" }, name));
    }
  }

  /** Marks the cell that is pointed at or held, and shows its numbers. */
  function mark() {
    paper.svg.querySelectorAll(".chosen, .chosen-inner").forEach((old) => old.remove());
    for (const cell of new Set([held, pointed])) {
      if (cell === null) continue;
      paper.svg.append(drawn("rect", { class: "chosen", ...outline(cell) }));
      paper.svg.append(drawn("rect", { class: "chosen-inner", ...outline(cell) }));
    }
    describe(pointed ?? held);
  }

  function describe(cell) {
    const list = article.querySelector("dl[data-cell]");
    const map = found();
    if (cell === null || !map.trials[cell]) {
      list.replaceChildren(cell === null ? "" : EMPTY_CELL);
      return;
    }
    const entries = [map.x, map.y].map((axis, side) => {
      if (!axis) return null;
      const label = axis.labels[side ? Math.floor(cell / wide()) : cell % wide()];
      return { name: axis.name, words: spaced(axis.name), text: label };
    });
    entries.push({ name: "trials", words: "trials", value: map.trials[cell] });
    for (const name of names) entries.push({ name, words: name, value: map[name][cell] });
    const median = map.median_converged_at[cell];
    entries.push(
      { name: "median_converged_at", words: "epochs to convergence (median)", value: median, text: counted(median) },
      { name: "best_cost", words: "least cost (target's units squared)", value: map.best_cost[cell] },
      { name: "regime", words: "regime", text: spaced(map.regime[cell] ?? "") },
      { name: "first_trial", words: "first trial", value: map.first_trial[cell], text: counted(map.first_trial[cell]) },
    );
    listNumbers(list, entries.filter((entry) => entry !== null && entry.text !== ""));
  }

  /** Says what the colours mean. */
  function explain(epochs) {
    const map = found();
    const patch = (fill) => drawn("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, drawn("rect", { width: 10, height: 10, fill }));
    const parts = [];
    const byEpochs = colour.value === "epochs";
    if (byEpochs && epochs.known) {
      const bar = drawn("svg", { viewBox: "0 0 90 10", class: "ramp", preserveAspectRatio: "none", "aria-hidden": "true" });
      for (let step = 0; step < 30; step += 1) {
        bar.append(drawn("rect", { x: 3 * step, width: 3.2, height: 10, fill: ramp((step + 0.5) / 30) }));
      }
      const words = `${counted(epochs.high)} epochs to convergence (median${epochs.byRatio ? ", log scale" : ""})`;
      parts.push(element("span", {}, counted(epochs.low), bar, words));
    }
    names.forEach((name, number) => {
      const there = map[name].some((count) => count > 0);
      if (there && !(byEpochs && name === "converged")) parts.push(element("span", {}, patch(colours[number]), name));
    });
    const several = map.trials.some((count, cell) => names.filter((name) => map[name][cell] > 0).length > 1);
    if (!byEpochs && several) parts.push(element("span", {}, "a cell of several outcomes has their mixed colour"));
    if (map.edge) {
      const dashes = drawn("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, drawn("line", { class: "edge", x1: 0, x2: 10, y1: 5, y2: 5 }));
      parts.push(element("span", {}, dashes, map.edge.words));
    }
    const ring = drawn("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, ...["best", "best-inner"].map((name) => drawn("circle", { class: name, cx: 7, cy: 7, r: 5 })));
    if (locate(best) !== null) parts.push(element("span", {}, ring, "best trial"));
    if (map.left_out) parts.push(element("span", {}, `${counted(map.left_out)} trials have no value on an axis`));
    article.querySelector("[data-map-legend]").replaceChildren(...parts);
  }

  function hold(cell) {
    held = cell;
    pointed = null;
    mark();
    if (found().trials[cell]) choose(found().first_trial[cell]);
  }

  const cellOf = (event) => (event.target.dataset.cell === undefined ? null : Number(event.target.dataset.cell));
  place.addEventListener("pointerover", (event) => {
    pointed = cellOf(event);
    mark();
  });
  place.addEventListener("pointerleave", () => {
    pointed = null;
    mark();
  });
  place.addEventListener("click", (event) => {
    if (cellOf(event) !== null) hold(cellOf(event));
  });
  place.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const at = pointed ?? held ?? 0;
    if (event.key in steps) {
      event.preventDefault();
      const [right, up] = steps[event.key];
      const column = Math.min(Math.max((at % wide()) + right, 0), wide() - 1);
      const row = Math.min(Math.max(Math.floor(at / wide()) + up, 0), tall() - 1);
      pointed = row * wide() + column;
      mark();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      hold(at);
    }
  });
  which.addEventListener("change", () => {
    pointed = null;
    held = valueOf === null ? null : locate(valueOf);
    draw();
  });
  colour.addEventListener("change", draw);
  redrawn(place, draw);

  /** Returns the cell of a trial, by what returns its value of a parameter; null where it lacks one. */
  function locate(valueOf) {
    const sides = [found().x, found().y].map((axis) => {
      if (!axis) return 0;
      const value = valueOf(axis.name);
      if (value === null) return null;
      if (axis.words_at) return axis.words_at.indexOf(value);
      const above = axis.edges.findIndex((edge) => edge > value);
      const count = axis.edges.length - 1;
      return above < 0 ? count - 1 : Math.max(above - 1, 0);
    });
    return sides.includes(null) ? null : sides[1] * wide() + sides[0];
  }

  return {
    hold(value) {
      valueOf = value;
      held = locate(value);
      if (paper) mark();
    },
  };
}
