// The table of trials: sorted, filtered and paged where it stands, its columns chosen.

const ROWS = 20;

/** Returns rows in the order of a column; what is missing comes last, either way. */
function sorted(rows, column, descending) {
  const rank = column.order ? (cell) => column.order.indexOf(cell) : (cell) => cell;
  const way = descending ? -1 : 1;
  return [...rows].sort((first, second) => {
    const [a, b] = [column.cells[first], column.cells[second]];
    if (a === null || b === null) return (a === null) - (b === null) || first - second;
    return way * ((rank(a) > rank(b)) - (rank(a) < rank(b))) || first - second;
  });
}

/**
 * Shows the trials of a run.
 *
 * @param article the run's part of the page.
 * @param payload what the page was given of the run.
 * @param columns its trials, unpacked.
 * @param choose called with the number of a trial that was chosen; null: there is no laboratory for it.
 * @param select called with the rows that match, and the comparison that they meet; null: all do.
 * @returns { narrow(text) }: lists only what meets a comparison.
 */
function showTrials(article, payload, columns, choose, select) {
  const table = article.querySelector("[data-trials]");
  const filter = article.querySelector("[data-trials-filter]");
  const outcome = article.querySelector("[data-trials-outcome]");
  const [previous, next] = ["previous", "next"].map((way) => article.querySelector(`[data-trials-${way}]`));
  const all = columns[0].cells.map((_, row) => row);
  const differs = (column) => column.name === "trial" || new Set(column.cells).size > 1;
  let shown = columns.filter(differs);
  const same = columns.filter((column) => !differs(column) && column.cells[0] !== null);
  let [rows, page, by, descending] = [all, 0, columns[0], false];

  for (const column of columns) {
    const box = element("input", { type: "checkbox", "data-column": column.name });
    box.checked = shown.includes(column);
    box.addEventListener("change", () => {
      const boxes = article.querySelectorAll("[data-column]");
      shown = columns.filter((_, place) => boxes[place].checked);
      show();
    });
    const meaning = column.meaning ? element("span", { class: "aside" }, ` ${column.meaning}`) : "";
    article.querySelector("[data-trials-columns]").append(element("label", {}, box, ` ${column.name}`, meaning));
  }
  article.querySelector("[data-trials-save]").addEventListener("click", () => saveCsv(`${payload.name}-trials.csv`, columns, rows));

  const outcomes = columns.find((column) => column.name === "outcome");
  for (const name of outcomes.order) outcome.append(element("option", { value: name }, name));
  const text = same.map((column) => `${column.name} ${textOf(column, 0)}`).join(", ");
  article.querySelector("[data-trials-same]").textContent = text && `The same for every listed trial: ${text}.`;

  function textOf(column, row) {
    const cell = column.cells[row];
    return column.whole && cell !== null ? String(cell) : sixDigits(cell);
  }

  function head() {
    const cells = shown.map((column) => {
      const order = column !== by ? null : descending ? "descending" : "ascending";
      const sign = column !== by ? "" : descending ? " ▼" : " ▲";
      const button = element("button", { type: "button" }, column.name + sign);
      button.addEventListener("click", () => {
        descending = column === by ? !descending : false;
        by = column;
        page = 0;
        list();
        table.querySelectorAll("th button")[shown.indexOf(column)].focus();
      });
      const looks = { scope: "col", "aria-sort": order, class: column.number ? "number" : null };
      return element("th", looks, button);
    });
    return element("thead", {}, element("tr", {}, ...cells));
  }

  function rowOf(row) {
    const cells = shown.map((column) => {
      const exact = column.number && column.cells[row] !== null ? String(column.cells[row]) : null;
      const looks = { class: column.number ? "number" : null, "data-exact": exact, title: exact };
      if (column.name !== "trial" || choose === null) return element("td", looks, textOf(column, row));
      const button = element("button", { type: "button", title: "Open this trial in the laboratory" }, textOf(column, row));
      button.addEventListener("click", () => choose(column.cells[row]));
      return element("td", { class: "number", "data-exact": exact }, button);
    });
    return element("tr", {}, ...cells);
  }

  function list() {
    const complain = article.querySelector("[data-trials-error]");
    try {
      const holds = filter.value.trim() ? comparison(filter.value, columns) : () => true;
      complain.textContent = "";
      filter.removeAttribute("aria-invalid");
      rows = all.filter((row) => (!outcome.value || outcomes.cells[row] === outcome.value) && holds(row));
    } catch (error) {
      complain.textContent = `${error.message}.`;
      filter.setAttribute("aria-invalid", "true");
      return;
    }
    rows = sorted(rows, by, descending);
    select(rows.length === all.length ? null : rows, filter.value);
    show();
  }

  function show() {
    const pages = Math.max(1, Math.ceil(rows.length / ROWS));
    page = Math.min(Math.max(page, 0), pages - 1);
    const seen = rows.slice(page * ROWS, (page + 1) * ROWS);
    table.replaceChildren(head(), element("tbody", {}, ...seen.map(rowOf)));
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
    const from = seen.length ? `Rows ${counted(page * ROWS + 1)} to ${counted(page * ROWS + seen.length)} of ` : "";
    const listed = payload.all_listed
      ? `all ${counted(payload.n_trials)} trials`
      : `${counted(all.length)} listed trials, spread evenly over the maps and including the best, out of ${counted(payload.n_trials)}`;
    const left = rows.length === all.length ? "" : `${counted(rows.length)} that match, of `;
    article.querySelector("[data-trials-count]").textContent = `${from}${left}${listed}.`;
  }

  const again = () => {
    page = 0;
    list();
  };
  filter.addEventListener("input", again);
  outcome.addEventListener("change", again);
  const turn = (by) => () => {
    page += by;
    show();
  };
  previous.addEventListener("click", turn(-1));
  next.addEventListener("click", turn(1));
  list();
  return {
    narrow(text) {
      filter.value = text;
      page = 0;
      list();
    },
  };
}
