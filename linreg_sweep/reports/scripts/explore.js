// The listed trials by any columns: a point each over two of them, or a line each over many.

/** Points and lines that are drawn at most. */
const MAX_DRAWN = 3000;

/** By its multiples rows are drawn from all evenly, and in step with no grid: the golden ratio's. */
const GOLDEN = 0.6180339887498949;

/** Relative distance up to which values of a column are one that was rounded. */
const ROUNDED = 1e-9;

/** Axes of parallel coordinates. */
const MAX_AXES = 8;

/** Returns some rows, about evenly spaced among all. */
function thinnedRows(rows, most) {
  return rows.length <= most ? rows : rows.filter((_, place) => (place * GOLDEN) % 1 < most / rows.length);
}

/** Returns whether a column takes several values, which differ by more than their rounding. */
function isSpread(column) {
  const values = new Set(column.cells);
  const [low, high] = endsOf([...values].filter(Number.isFinite));
  const isRounded = [...values].every(Number.isFinite) && high - low <= ROUNDED * Math.max(Math.abs(low), Math.abs(high));
  return values.size > 1 && !isRounded;
}

/** Returns the words that a column holds, in their order; null: it holds numbers. */
function wordsOf(column) {
  if (column.number) return null;
  const there = new Set(column.cells);
  return (column.order ?? [...there].filter((cell) => cell !== null)).filter((word) => there.has(word));
}

/** Returns a column's axis { low, high, ... }, its own ends, and what says where a cell stands; null: nowhere. */
function scaleOf(column) {
  const words = wordsOf(column);
  if (words) {
    const axis = { low: -0.5, high: words.length - 0.5, scale: "linear", words: column.name, labels: words };
    return { axis, ends: [words[0], words[words.length - 1]], at: (cell) => (cell === null ? null : words.indexOf(cell)) };
  }
  const known = column.cells.filter(Number.isFinite);
  const [low, high] = endsOf(known);
  if (!known.length) return { axis: { low: 0, high: 1, scale: "linear", words: column.name }, ends: ["", ""], at: () => null };
  const byRatio = low > 0 && high / low > BY_RATIO;
  const axis = { ...axisAround([low, high], byRatio), words: byRatio ? `${column.name} (log scale)` : column.name };
  return { axis, ends: [low, high].map((end) => sixDigits(Number(end.toPrecision(3)))), at: (cell) => (Number.isFinite(cell) ? cell : null) };
}

/**
 * Shows the listed trials over columns that a person chooses.
 *
 * @param article the run's part of the page.
 * @param payload what the page was given of the run.
 * @param columns its trials, unpacked.
 * @param choose called with the number of a trial that was chosen.
 * @param narrow called with a comparison that the trials between two marks meet; see where.js.
 * @returns { select(rows, text) }: rows that stand out, the others are faint, and the comparison that they meet.
 */
function showExplorer(article, payload, columns, choose, narrow) {
  const part = (name) => article.querySelector(`[data-explore-${name}]`);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const varies = columns.filter((column) => column.name !== "trial" && isSpread(column));
  const all = columns[0].cells.map((_, row) => row);
  const trialOf = (row) => byName.get("trial").cells[row];
  const [across, up, colour] = ["x", "y", "colour"].map(part);
  let selected = null;
  const drawnRows = thinnedRows(all, MAX_DRAWN);
  const marks = new Map(); // of parallel coordinates: a column's name, and the ends [low, high] that are let through

  for (const list of [across, up, colour]) for (const column of varies) list.append(element("option", { value: column.name }, column.name));
  const begin = (list, ...names) => {
    list.value = names.find((name) => varies.some((column) => column.name === name)) ?? varies[0]?.name ?? "";
  };
  begin(across, payload.maps[0].x.name);
  begin(up, "excess_cost", "cost");
  begin(colour, "outcome");

  const colourOfOutcome = (name) => payload.outcomes[name] ?? "var(--faint)"; // failed: nothing came of it

  /** Returns what colours a row, by the chosen column. */
  function painter() {
    const column = byName.get(colour.value);
    if (column.name === "outcome") return (row) => colourOfOutcome(column.cells[row]);
    const { axis, at } = scaleOf(column);
    const share = placer(axis, 0, 1);
    return (row) => {
      const cell = at(column.cells[row]);
      return cell === null ? "var(--faint)" : ramp(share(cell));
    };
  }

  /** Says what the colours mean. */
  function explainColours() {
    const column = byName.get(colour.value);
    const { axis, ends } = scaleOf(column);
    const entries =
      column.name === "outcome"
        ? wordsOf(column).map((name) => [patch(colourOfOutcome(name)), name])
        : axis.labels
          ? axis.labels.map((label, place) => [patch(ramp(placer(axis, 0, 1)(place))), label])
          : [[patch(ramp(0)), ends[0]], [patch(ramp(0.5)), "…"], [patch(ramp(1)), ends[1]], [axis.words]];
    part("legend").replaceChildren(...entries.map((entry) => element("span", {}, ...entry)));
  }

  const isFaint = (row) => selected !== null && !selected.has(row);

  function drawPoints() {
    const place = part("points");
    const [x, y] = [across, up].map((list) => scaleOf(byName.get(list.value)));
    const { svg, inside, ...to } = chart(place, x.axis, y.axis, { ratio: 0.6 });
    const paint = painter();
    const tip = tooltip(place);
    for (const row of drawnRows) {
      const [left, top] = [x.at(byName.get(across.value).cells[row]), y.at(byName.get(up.value).cells[row])];
      if (left === null || top === null) continue;
      inside.append(drawn("circle", { class: isFaint(row) ? "point faint" : "point", "data-row": row, cx: to.x(left).toFixed(1), cy: to.y(top).toFixed(1), r: 4, fill: paint(row) }));
    }
    const rowOf = (event) => event.target.dataset.row;
    svg.addEventListener("pointerover", (event) => {
      if (rowOf(event) === undefined) tip.hide();
      else tip.show(told(Number(rowOf(event))), ...within(place, event));
    });
    svg.addEventListener("pointerleave", tip.hide);
    svg.addEventListener("click", (event) => {
      if (rowOf(event) !== undefined) choose(trialOf(Number(rowOf(event))));
    });
    svg.setAttribute("aria-label", `${up.value} against ${across.value} of ${counted(all.length)} trials, coloured by ${colour.value}.`);
  }

  function told(row) {
    const names = ["trial", ...new Set([...payload.varied, across.value, up.value, colour.value])];
    return names.map((name) => `${spaced(name)}: ${sixDigits(byName.get(name).cells[row]) || "none"}`);
  }

  /** Returns the columns of parallel coordinates: what varies, and then what came of it. */
  function axesOfLines() {
    const results = ["converged_at", "excess_cost", "cost", "outcome"].filter((name) => varies.some((column) => column.name === name));
    const parameters = payload.varied.filter((name) => varies.some((column) => column.name === name));
    return [...parameters.slice(0, MAX_AXES - Math.min(results.length, 3)), ...results].slice(0, MAX_AXES).map((name) => byName.get(name));
  }

  function drawLines() {
    const place = part("lines");
    const shown = axesOfLines();
    const [width, height] = [Math.max(280, place.clientWidth), 300];
    const [top, bottom, side] = [34, height - 22, 46];
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "lines" });
    const xOf = (number) => (shown.length < 2 ? width / 2 : side + ((width - 2 * side) * number) / (shown.length - 1));
    const scales = shown.map(scaleOf);
    const heights = scales.map(({ axis }) => placer(axis, bottom, top));
    const paint = painter();
    const group = drawn("g");
    for (const row of drawnRows) {
      const points = shown.map((column, number) => {
        const cell = scales[number].at(column.cells[row]);
        return [xOf(number), cell === null ? NaN : heights[number](cell)];
      });
      group.append(line(points, { class: isFaint(row) ? "trial faint" : "trial", stroke: paint(row) }));
    }
    svg.append(group);
    shown.forEach((column, number) => {
      const at = xOf(number);
      const anchor = number === 0 && shown.length > 1 ? "start" : number === shown.length - 1 && number ? "end" : "middle";
      const edge = anchor === "start" ? 2 : anchor === "end" ? width - 2 : at;
      const { ends } = scales[number];
      const room = (width - 2 * side) / Math.max(shown.length - 1, 1);
      const cut = (text) => (text.length * LETTER > room ? `${text.slice(0, Math.max(3, Math.floor(room / LETTER) - 2))}…` : text);
      svg.append(drawn("line", { class: "axis", x1: at, x2: at, y1: top, y2: bottom }), drawn("text", { x: edge, y: 14, "text-anchor": anchor }, cut(column.name), drawn("title", {}, column.name)));
      [bottom + 14, top - 5].forEach((y, end) => svg.append(drawn("text", { class: "end", x: edge, y, "text-anchor": anchor }, column.number ? ends[end] : cut(ends[end]), drawn("title", {}, ends[end]))));
      const mark = marks.get(column.name);
      if (mark) {
        const [a, b] = mark.map((value) => heights[number](value));
        svg.append(drawn("rect", { class: "mark", x: at - 8, width: 16, y: Math.min(a, b), height: Math.abs(a - b) }));
      }
      svg.append(drawn("rect", { class: "brush", "data-axis": number, x: at - 14, width: 28, y: top, height: bottom - top }));
    });
    svg.setAttribute("aria-label", `${counted(all.length)} trials over ${shown.map((column) => column.name).join(", ")}. The box "Filter" below selects trials as a range on an axis does.`);
    place.replaceChildren(svg);
    brush(svg, shown, scales, top, bottom);
  }

  const betweenMarks = () => [...marks].map(([name, ends]) => between(byName.get(name), ends)).join(" and ");

  /** Lets a hand mark a stretch of an axis; a click takes the mark away. */
  function brush(svg, shown, scales, top, bottom) {
    const heightOf = (event) => inPicture(svg, event)[1];
    svg.addEventListener("pointerdown", (event) => {
      if (event.target.dataset.axis === undefined) return;
      event.preventDefault();
      const number = Number(event.target.dataset.axis);
      const from = heightOf(event);
      svg.setPointerCapture(event.pointerId);
      const up = (last) => {
        const { axis } = scales[number];
        const back = (y) => SCALES[axis.scale].back(placer({ low: bottom, high: top, scale: "linear" }, SCALES[axis.scale].to(axis.low), SCALES[axis.scale].to(axis.high))(Math.min(Math.max(y, top), bottom)));
        const to = heightOf(last);
        if (Math.abs(to - from) < 4) marks.delete(shown[number].name);
        else marks.set(shown[number].name, [back(Math.max(from, to)), back(Math.min(from, to))]);
        narrow(betweenMarks());
      };
      svg.addEventListener("pointerup", up, { once: true });
    });
  }

  function draw() {
    if (!varies.length || !part("points").clientWidth) return;
    explainColours();
    drawPoints();
    drawLines();
  }

  for (const list of [across, up, colour]) list.addEventListener("change", draw);
  part("points").closest("section").hidden = !varies.length;
  part("all").hidden = all.length <= MAX_DRAWN;
  part("all").textContent = `${counted(drawnRows.length)} of the ${counted(all.length)} listed trials are drawn, chosen evenly.`;
  redrawn(part("points"), draw);
  return {
    /** Lets rows stand out that meet a comparison: a set of them; null: all. Marks that do not say it are taken away. */
    select(rows, text) {
      selected = rows;
      if (text !== betweenMarks()) marks.clear();
      draw();
    },
  };
}

/** Returns the comparison that cells between two ends meet. */
function between(column, [low, high]) {
  const words = wordsOf(column);
  if (!words) return `${named(column.name)} >= ${Number(low.toPrecision(6))} and ${named(column.name)} <= ${Number(high.toPrecision(6))}`;
  return isOneOf(column.name, words.slice(Math.round(Math.max(low, 0)), Math.round(high) + 1)); // never none
}
