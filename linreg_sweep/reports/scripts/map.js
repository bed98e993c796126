// The map: what became of the trials over two parameters, a cell a trial or all trials of a range.

const EMPTY_CELL = "There are no trials in this cell.";

/**
 * Shows the maps of a run.
 *
 * @param article the run's part of the page.
 * @param payload what the page was given of the run.
 * @param choose called with the number of the first trial of a cell that was chosen.
 * @param best returns the best trial's value of a parameter.
 * @param narrow called with a comparison that the trials of a cell, or of the part that is zoomed to, meet.
 * @returns { hold, select }: marks the cell of a trial, by what returns its value of a parameter; lets the cells of
 *   such trials stand out, null: of all.
 */
function showMap(article, payload, choose, best, narrow) {
  const place = article.querySelector("[data-map]");
  const [which, colour, legend] = ["which", "colour", "legend"].map((name) => article.querySelector(`[data-map-${name}]`));
  const button = (name) => article.querySelector(`[data-map-${name}]`);
  const tip = tooltip(place);
  const names = Object.keys(payload.outcomes);
  let [map, view, paper, grid] = [payload.maps[0], WHOLE, null, null];
  let [painted, colours] = [null, null]; // all cells, and with those faint that do not stand out
  let [held, pointed] = [null, null]; // cells
  let [trial, chosen] = [() => null, null]; // of what is held, of what stands out

  payload.maps.forEach(({ x, y }, number) => {
    const words = [x, y].filter(Boolean).map((side) => spaced(side.name)).join(" and ");
    which.append(element("option", { value: number }, words));
  });
  which.closest("label").hidden = payload.maps.length < 2;

  const any = (name, holds) => payload.maps.some((each) => each[name].some(holds));
  if (!any("median_converged_at", Number.isFinite) && !any("diverged", (count) => count > 0)) colour.value = "cost"; // else grey

  const wide = () => map.x.edges.length - 1;
  const tall = () => (map.y ? map.y.edges.length - 1 : 1);
  const placesOf = (cell) => [cell % wide(), Math.floor(cell / wide())];

  /** Returns the cell of a trial, by what returns its value of a parameter; null where it lacks one. */
  function locate(valueOf) {
    const [column, row] = [map.x, map.y].map((side) => (side ? placeOn(side, valueOf(side.name)) : 0));
    return column === null || row === null ? null : row * wide() + column;
  }

  /** Makes the colours of all cells, and says what they mean. */
  function paint() {
    const numbers = { outcome: null, epochs: map.median_converged_at, cost: map.best_cost }[colour.value];
    const shares = shareOf((numbers ?? []).filter(Number.isFinite), colour.value === "epochs");
    painted = coloursOf(map, payload.outcomes, numbers, shares);
    legend.replaceChildren(...legendOf(map, payload.outcomes, colour.value, shares, locate(best) !== null));
    dim();
  }

  /** Lets only the blocks of cells stand out of which a trial is listed. */
  function dim() {
    const cells = chosen?.map(locate).filter((cell) => cell !== null);
    colours = cells ? dimmed(painted, wide(), map.block, cells.map(placesOf)) : painted;
    if (paper) draw();
  }

  /** Shows another part. */
  function look(part) {
    view = part;
    tip.hide();
    draw();
  }

  function draw() {
    const hadFocus = place.contains(document.activeElement);
    const hasRegimes = map.regimes.some((name) => name !== null);
    const looks = { ratio: map.y ? 0.72 : 0.4, top: hasRegimes ? 51 : 30 };
    paper = chart(place, axisOf(map.x, view[0]), map.y ? axisOf(map.y, view[1]) : null, looks);
    grid = gridOf(map, paper);
    const { svg, inside, x, y } = paper;
    filled(svg, {
      tabindex: 0,
      role: "application",
      "aria-roledescription": "map",
      "aria-label":
        `Map of ${counted(wide() * tall())} cells. Horizontal: ${map.x.words}.${map.y ? ` Vertical: ${map.y.words}.` : ""}` +
        " Arrow keys move from cell to cell, Enter selects one.",
    });
    drawCells(paper, grid, map, colours);
    if (map.edge) {
      const points = map.edge.points.map(([rate, height]) => (rate === null || height === null ? [NaN, NaN] : [x(numberOf(rate)), y(height)]));
      inside.append(line(points, { class: "edge" }));
    }
    if (hasRegimes) nameRegimes(paper, map);
    const bestCell = locate(best);
    if (bestCell !== null && isShown(bestCell)) svg.append(...ring(...middleOf(bestCell)));
    mark();
    place.classList.toggle("zoomed", !isWhole(view));
    button("out").disabled = button("whole").disabled = isWhole(view);
    button("list").textContent = isWhole(view) ? "List the trials in this cell" : "List the trials in this part";
    if (hadFocus) svg.focus({ preventScroll: true });
  }

  function middleOf(cell) {
    const { left, right, top, bottom } = grid.outline(cell);
    return [(left + right) / 2, (top + bottom) / 2];
  }

  /** Returns the place of a cell's middle, as shares of what is shown. */
  function sharesOf(cell) {
    const [x, y] = middleOf(cell);
    const { left, right, top, bottom } = paper.box;
    return [(x - left) / (right - left), (bottom - y) / (bottom - top)];
  }

  const isShown = (cell) => sharesOf(cell).every((share) => share >= 0 && share <= 1);

  /** Marks the cell that is pointed at or held, and shows its numbers. */
  function mark() {
    paper.svg.querySelectorAll(".chosen, .chosen-inner").forEach((old) => old.remove());
    for (const cell of new Set([held, pointed])) {
      if (cell === null) continue;
      for (const name of ["chosen", "chosen-inner"]) paper.inside.append(drawn("rect", { class: name, ...asRect(grid.outline(cell)) }));
    }
    const [list, cell] = [article.querySelector("dl[data-cell]"), pointed ?? held];
    if (cell !== null && map.trials[cell]) listNumbers(list, entriesOf(map, cell, names));
    else list.replaceChildren(cell === null ? "" : EMPTY_CELL);
  }

  /** Shows the box beside a cell, or where a hand points, in the pixels of the place. */
  function tell(cell, [left, top]) {
    if (cell === null || !map.trials[cell]) tip.hide();
    else tip.show(entriesOf(map, cell, names).map(({ words, value, text }) => `${words}: ${text ?? counted(value)}`), left, top);
  }

  function hold(cell) {
    [held, pointed] = [cell, null];
    mark();
    if (map.trials[cell]) choose(map.first_trial[cell]);
  }

  /** Points at a cell, and moves what is shown where the cell is not. */
  function point(cell) {
    pointed = cell;
    if (isShown(cell)) mark();
    else look(moved(view, sharesOf(cell).map((share) => (share >= 0 && share <= 1 ? 0 : share - 0.5))));
    const { right, top } = grid.outline(cell);
    tell(cell, onPage(paper.svg, [right, top]));
  }

  function zoom(factor) {
    const cell = pointed ?? held;
    look(zoomed(view, factor, cell !== null && isShown(cell) ? sharesOf(cell) : undefined));
  }

  /** Returns the comparison that the trials of the held cell meet or, where a part is zoomed to, those of the part. */
  function listed() {
    const sides = [map.x, map.y].filter(Boolean);
    if (!isWhole(view)) return sides.map((side, number) => ofPart(side, view[number])).filter(Boolean).join(" and ");
    if (held === null) return "";
    const places = placesOf(held);
    return sides.map((side, number) => ofCells(side, places[number], places[number])).join(" and ");
  }

  const isDragged = letZoom(place, () => ({ paper, view }), look);
  const cellOf = (event) => grid.at(...inPicture(paper.svg, event));
  place.addEventListener("pointermove", (event) => {
    const cell = cellOf(event);
    tell(cell, within(place, event));
    if (cell === pointed) return;
    pointed = cell;
    mark();
  });
  place.addEventListener("pointerleave", () => {
    pointed = null;
    tip.hide();
    mark();
  });
  place.addEventListener("focusout", tip.hide);
  place.addEventListener("click", (event) => {
    if (cellOf(event) !== null && !isDragged()) hold(cellOf(event));
  });
  place.addEventListener("keydown", (event) => {
    const at = pointed ?? held ?? 0;
    const [column, row] = placesOf(at);
    const kept = (number, count) => Math.min(Math.max(number, 0), count - 1);
    const step = (right, up) => () => point(kept(row + up, tall()) * wide() + kept(column + right, wide()));
    const keys = {
      ...{ ArrowLeft: step(-1, 0), ArrowRight: step(1, 0), ArrowUp: step(0, 1), ArrowDown: step(0, -1) },
      ...{ "+": () => zoom(CLOSER), "-": () => zoom(1 / CLOSER), 0: () => look(WHOLE) },
      ...{ Enter: () => hold(at), " ": () => hold(at) },
    };
    if (!Object.hasOwn(keys, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  button("in").addEventListener("click", () => zoom(CLOSER));
  button("out").addEventListener("click", () => zoom(1 / CLOSER));
  button("whole").addEventListener("click", () => look(WHOLE));
  button("save").addEventListener("click", () => saveSvg(`${payload.name}-map.svg`, paper.svg));
  button("list").addEventListener("click", () => narrow(listed()));
  which.addEventListener("change", () => {
    [map, view, pointed] = [payload.maps[Number(which.value)], WHOLE, null];
    held = locate(trial);
    paint();
  });
  colour.addEventListener("change", paint);
  paint();
  redrawn(place, draw);

  return {
    hold(valueOf) {
      trial = valueOf;
      held = locate(trial);
      if (paper) mark();
    },
    select(values) {
      chosen = values;
      dim();
    },
  };
}
