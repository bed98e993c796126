// The best trial's line through the data of one feature, before all else.

/** Draws the fit that the page was given, and shows its place; does nothing where there is none. */
function showFit(article, fit) {
  const figure = article.querySelector("[data-fit]");
  if (fit === null) return;
  figure.hidden = false;
  if (fit.held_out) figure.querySelector("figcaption").append("; held-out rows in colour");
  const place = figure.querySelector("div");
  redrawn(place, () => drawBestLine(place, fit));
}

/** Draws rows as dots, the fitted line through them, and that of least squares dashed. */
function drawBestLine(place, fit) {
  const kinds = [[fit.trained, "datum"], ...(fit.held_out ? [[fit.held_out, "datum held"]] : [])];
  const all = (side) => endsOf(kinds.flatMap(([rows]) => rows[side].map(numberOf)));
  const axes = [
    { ...axisAround(all("x"), false, 0.04), words: fit.feature },
    { ...axisAround(all("y"), false, 0.08), words: fit.target },
  ];
  const { svg, inside, x, y } = chart(place, axes[0], axes[1], { ratio: 0.62 });
  for (const [rows, kind] of kinds) {
    for (const [row, value] of rows.x.entries()) inside.append(drawn("circle", { class: kind, cx: x(value).toFixed(1), cy: y(rows.y[row]).toFixed(1), r: 2.5 }));
  }
  const ends = [axes[0].low, axes[0].high];
  for (const [[weight, bias], kind] of [[fit.line, "path"], [fit.least_squares, "recorded"]]) {
    inside.append(line(ends.map((end) => [x(end), y(weight * end + bias)]), { class: kind }));
  }
  svg.setAttribute("aria-label", `${fit.target} against ${fit.feature}: ${counted(fit.trained.x.length)} rows, the line of trial ${counted(fit.trial)}, and least squares in grey.`);
}
