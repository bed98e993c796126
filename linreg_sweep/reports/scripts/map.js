// The map: what became of the trials over two parameters, a cell a trial or all trials of a range.

/** Stops of the colours of epochs, few to many: viridis, by Smith and van der Walt, as matplotlib has it. */
const RAMP = ["#fde725", "#7ad151", "#22a884", "#2a788e", "#414487", "#440154"];

const EMPTY_CELL = "No trial is here.";

/** The part of a map that is shown: shares of its axes, [from, to] across and upwards. */
const WHOLE = [[0, 1], [0, 1]];

/** How much closer a step of zoom comes, and the smallest share of an axis. */
const CLOSER = 2;
const CLOSEST = 1 / 4096;

/** The share of the picture that a hand must move to drag. */
const DRAGGED = 0.01;

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

/** Returns what turns epochs, or costs, into a share, by ratio where they span more than thirtyfold. */
function shareOf(known) {
  const ends = known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const whole = known.every(Number.isInteger);
  const [low, high] = whole ? [Math.max(1, ends[0]), Math.max(2, ends[1])] : ends;
  const byRatio = low > 0 && high / low > 30;
  const from = byRatio || !whole ? low : 0;
  const share = byRatio
    ? (value) => Math.log(Math.max(value, low) / low) / Math.log(high / low)
    : (value) => (value - from) / (high - from || 1);
  return { share, low: from, high, known: known.length > 0, byRatio };
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
 * @param narrow called with a comparison that the trials of a cell, or of the part that is zoomed to, meet.
 * @returns { hold, select }: marks the cell of a trial, by what returns its value of a parameter; lets the cells of
 *   such trials stand out.
 */
function showMap(article, payload, choose, best, narrow) {
  const place = article.querySelector("[data-map]");
  const which = article.querySelector("[data-map-which]");
  const colour = article.querySelector("[data-map-colour]");
  const button = (name) => article.querySelector(`[data-map-${name}]`);
  const tip = tooltip(place);
  let [selected, view] = [null, WHOLE];
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
    const value = shownNumbers()[cell];
    if (Number.isFinite(value)) return ramp(epochs.share(value));
    return colours[counts.indexOf(Math.max(...counts))];
  }

  /** Returns the numbers that the colours show, one a cell; null: none. */
  function shownNumbers() {
    if (colour.value === "cost") return found().best_cost.map((cost) => (cost === null ? null : numberOf(cost)));
    return found().median_converged_at;
  }

  /** Returns an axis { low, high, ... } over the part that is shown. */
  function axisOf(axis, [from, to]) {
    const scale = axis.log ? "log" : "linear";
    const [low, high] = [axis.edges[0], axis.edges[axis.edges.length - 1]].map(SCALES[scale].to);
    const at = (share) => SCALES[scale].back(low + share * (high - low));
    return {
      low: from === 0 ? axis.edges[0] : at(from),
      high: to === 1 ? axis.edges[axis.edges.length - 1] : at(to),
      scale,
      words: axis.words,
      labels: axis.words_at,
    };
  }

  /** Shows another part: [from, to] of each axis, moved to lie within the whole. */
  function look(sides) {
    view = sides.map(([from, to]) => {
      const size = Math.min(Math.max(to - from, CLOSEST), 1);
      const low = Math.min(Math.max(from, 0), 1 - size);
      return size === 1 ? [0, 1] : [low, low + size];
    });
    draw();
  }

  /** Zooms by a factor round the middle of what is shown, or round a place given by its shares [across, up]. */
  function zoom(factor, centre = [0.5, 0.5]) {
    look(view.map(([from, to], side) => {
      const [at, size] = [from + centre[side] * (to - from), (to - from) / factor];
      return [at - centre[side] * size, at + (1 - centre[side]) * size];
    }));
  }

  const isWhole = () => view.every(([from, to]) => from === 0 && to === 1);

  function draw() {
    const map = found();
    const named = map.regimes.some((name) => name !== null);
    const ratio = map.y ? 0.72 : 0.4;
    paper = chart(place, axisOf(map.x, view[0]), map.y ? axisOf(map.y, view[1]) : null, { ratio, top: named ? 51 : 30 });
    const { svg, inside, x, y } = paper;
    const epochs = shareOf(shownNumbers().filter(Number.isFinite));
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
      const faint = selected !== null && !selected.has(cell);
      inside.append(drawn("rect", { "data-cell": cell, class: faint ? "faint" : null, fill: colourOf(cell, epochs), ...outline(cell) }));
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
    button("out").disabled = button("whole").disabled = isWhole();
    button("list").textContent = isWhole() ? "List the trials of this cell" : "List the trials of this part";
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
    const { left, right, top, bottom } = paper.box;
    if (x + width / 2 < left || x + width / 2 > right || y + height / 2 < top || y + height / 2 > bottom) return;
    for (const name of ["best", "best-inner"]) svg.append(drawn("circle", { class: name, cx: x + width / 2, cy: y + height / 2, r: 5 }));
  }

  /** Draws a bar along the top over the columns of each regime, and their names above, a line from each to its bar. */
  function nameRegimes(svg, map, x) {
    const top = paper.box.top - 6;
    const names = [];
    for (let start = 0, stop = 1; stop <= map.regimes.length; stop += 1) {
      if (stop < map.regimes.length && map.regimes[stop] === map.regimes[start]) continue;
      const { left: first, right: last } = paper.box;
      const [left, right] = [Math.max(x(map.x.edges[start]), first) + 1, Math.min(x(map.x.edges[stop]), last) - 1];
      const name = map.regimes[start];
      if (name !== null && right > left - 1) {
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
      for (const name of ["chosen", "chosen-inner"]) paper.inside.append(drawn("rect", { class: name, ...outline(cell) }));
    }
    describe(pointed ?? held);
  }

  /** Shows the box beside a cell, or where a hand points. */
  function tell(cell, [left, top]) {
    if (cell === null || !found().trials[cell]) tip.hide();
    else tip.show(entriesOf(cell).map(({ words, value, text }) => `${words}: ${text ?? sixDigits(value)}`), left, top);
  }

  function describe(cell) {
    const list = article.querySelector("dl[data-cell]");
    if (cell === null || !found().trials[cell]) list.replaceChildren(cell === null ? "" : EMPTY_CELL);
    else listNumbers(list, entriesOf(cell));
  }

  /** Returns what is told of a cell. */
  function entriesOf(cell) {
    const map = found();
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
    return entries.filter((entry) => entry !== null && entry.text !== "");
  }

  /** Says what the colours mean. */
  function explain(epochs) {
    const map = found();
    const patch = (fill) => drawn("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, drawn("rect", { width: 10, height: 10, fill }));
    const parts = [];
    const byEpochs = colour.value !== "outcome";
    if (byEpochs && epochs.known) {
      const bar = drawn("svg", { viewBox: "0 0 90 10", class: "ramp", preserveAspectRatio: "none", "aria-hidden": "true" });
      for (let step = 0; step < 30; step += 1) {
        bar.append(drawn("rect", { x: 3 * step, width: 3.2, height: 10, fill: ramp((step + 0.5) / 30) }));
      }
      const scale = epochs.byRatio ? "log scale" : "";
      const what = colour.value === "cost" ? `least cost (target's units squared${scale && `, ${scale}`})` : `epochs to convergence (median${scale && `, ${scale}`})`;
      parts.push(element("span", {}, counted(epochs.low), bar, `${counted(epochs.high)} ${what}`));
    }
    names.forEach((name, number) => {
      const there = map[name].some((count) => count > 0);
      if (there && !(byEpochs && name === "converged")) parts.push(element("span", {}, patch(colours[number]), name));
    });
    const several = map.trials.some((count, cell) => names.filter((name) => map[name][cell] > 0).length > 1);
    if (!byEpochs && several) parts.push(element("span", {}, "a cell with several outcomes has their blended colour"));
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
  place.addEventListener("pointermove", (event) => tell(cellOf(event), within(place, event)));
  place.addEventListener("pointerleave", () => {
    pointed = null;
    tip.hide();
    mark();
  });
  place.addEventListener("focusout", tip.hide);
  place.addEventListener("click", (event) => {
    if (cellOf(event) !== null && !dragged) hold(cellOf(event));
  });

  /** Returns where an event is, as shares of what is shown [across, up]. */
  function shares(event) {
    const { left, right, top, bottom } = paper.box;
    const scale = paper.svg.viewBox.baseVal.width / paper.svg.getBoundingClientRect().width;
    const [x, y] = within(paper.svg, event).map((pixels) => pixels * scale);
    return [(x - left) / (right - left), (bottom - y) / (bottom - top)].map((share) => Math.min(Math.max(share, 0), 1));
  }

  // dragging zooms to a part; with the Shift key it moves what is shown
  let dragged = false;
  place.addEventListener("pointerdown", (event) => {
    dragged = false;
    if (event.button !== 0 || event.pointerType === "touch") return;
    const from = shares(event);
    const before = view;
    const frame = drawn("rect", { class: "frame" });
    const move = (next) => {
      const to = shares(next);
      dragged = dragged || to.some((share, side) => Math.abs(share - from[side]) > DRAGGED);
      if (!dragged) return;
      tip.hide();
      if (event.shiftKey) {
        look(before.map(([low, high], side) => [0, 1].map((end) => [low, high][end] - (to[side] - from[side]) * (high - low))));
        return;
      }
      const { left, right, top, bottom } = paper.box;
      const at = (share, side) => (side ? bottom - share * (bottom - top) : left + share * (right - left));
      const [x, y] = [0, 1].map((side) => [at(from[side], side), at(to[side], side)]);
      for (const [name, value] of Object.entries({ x: Math.min(...x), y: Math.min(...y), width: Math.abs(x[0] - x[1]), height: Math.abs(y[0] - y[1]) })) frame.setAttribute(name, value);
      if (!frame.isConnected) paper.svg.append(frame);
    };
    const end = (last) => {
      removeEventListener("pointermove", move);
      frame.remove();
      if (!dragged || event.shiftKey) return;
      const to = shares(last);
      look(view.map(([low, high], side) => {
        const [a, b] = [from[side], to[side]].sort((one, other) => one - other);
        return b - a > DRAGGED ? [low + a * (high - low), low + b * (high - low)] : [low, high];
      }));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  });
  place.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? CLOSER : 1 / CLOSER, shares(event));
  }, { passive: false });
  button("in").addEventListener("click", () => zoom(CLOSER, heldAt()));
  button("out").addEventListener("click", () => zoom(1 / CLOSER));
  button("whole").addEventListener("click", () => look(WHOLE));
  button("save").addEventListener("click", () => saveSvg(`${payload.name}-map.svg`, paper.svg));
  button("list").addEventListener("click", () => narrow(isWhole() ? ofCell(held) : ofView()));

  /** Returns the held cell's place, as shares of what is shown; the middle where it is not shown. */
  function heldAt() {
    if (held === null) return [0.5, 0.5];
    const { x, y, width, height } = Object.fromEntries(Object.entries(outline(held)).map(([name, value]) => [name, Number(value)]));
    const { left, right, top, bottom } = paper.box;
    const at = [(x + width / 2 - left) / (right - left), (bottom - y - height / 2) / (bottom - top)];
    return at.every((share) => share >= 0 && share <= 1) ? at : [0.5, 0.5];
  }

  /** Returns the comparison that the trials of a cell meet. */
  function ofCell(cell) {
    if (cell === null) return "";
    const places = [cell % wide(), Math.floor(cell / wide())];
    return [found().x, found().y].map((axis, side) => axis && ofRange(axis, places[side], places[side])).filter(Boolean).join(" and ");
  }

  /** Returns the comparison that the trials of the part that is shown meet. */
  function ofView() {
    const parts = [found().x, found().y].map((axis, side) => {
      if (!axis || (view[side][0] === 0 && view[side][1] === 1)) return null;
      const { low, high } = axisOf(axis, view[side]);
      const inside = [...Array(axis.edges.length - 1).keys()].filter((place) => axis.edges[place + 1] > low && axis.edges[place] < high);
      return ofRange(axis, inside[0], inside[inside.length - 1]);
    });
    return parts.filter(Boolean).join(" and ");
  }

  /** Returns the comparison that cells of an axis meet, from the first to the last. */
  function ofRange(axis, first, last) {
    if (axis.words_at) return `${named(axis.name)} in (${axis.words_at.slice(first, last + 1).map((word) => `"${word}"`).join(", ")})`;
    const [low, high] = [axis.edges[first], axis.edges[last + 1]];
    const open = last + 1 === axis.edges.length - 1 ? "<=" : "<";
    return `${named(axis.name)} >= ${low} and ${named(axis.name)} ${open} ${high}`;
  }
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
      const { x, y, width } = outline(pointed);
      tell(pointed, [Number(x) + Number(width), Number(y)]);
    } else if (event.key === "+" || event.key === "-" || event.key === "0") {
      event.preventDefault();
      if (event.key === "0") look(WHOLE);
      else zoom(event.key === "+" ? CLOSER : 1 / CLOSER, heldAt());
      paper.svg.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      hold(at);
    }
  });
  which.addEventListener("change", () => {
    pointed = null;
    view = WHOLE;
    chosenCells();
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

  let chosen = null;

  /** Finds the cells of the trials that stand out. */
  function chosenCells() {
    selected = chosen === null ? null : new Set(chosen.map(locate));
  }

  return {
    hold(value) {
      valueOf = value;
      held = locate(value);
      if (paper) mark();
    },
    select(values) {
      chosen = values;
      chosenCells();
      if (paper) draw();
    },
  };
}
