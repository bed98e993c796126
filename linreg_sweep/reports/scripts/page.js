// Every run of the page: its trials unpacked, its map, its laboratory and its table tied together.

if (!("DecompressionStream" in window)) {
  document.querySelector("[data-too-old]").hidden = false;
  return;
}
const main = document.querySelector("main");
main.setAttribute("aria-busy", "true");
const runs = await Promise.all(
  [...document.querySelectorAll("article[data-run]")].map(async (article) => {
    return { article, payload: await given(document.getElementById(`data-${article.dataset.run}`).textContent) };
  }),
);

for (const place of document.querySelectorAll("[data-comparison]")) {
  showComparison(place, runs.map(({ payload }) => ({ name: payload.name, map: payload.maps[0] })));
}

for (const { article, payload } of runs) {
  showFit(article, payload.fit);
  const columns = payload.trials.map(unpacked);
  const rowOf = new Map(columns.find((column) => column.name === "trial").cells.map((trial, row) => [trial, row]));
  const valueOf = (row) => (name) => columns.find((column) => column.name === name)?.cells[row] ?? null;
  const laboratory = payload.laboratory && showLaboratory(article, payload.laboratory, columns);
  const show = (trial) => {
    const row = rowOf.get(trial);
    const valueOfTrial = row === undefined ? payload.others(trial) : valueOf(row);
    if (row === undefined) laboratory?.settle(trial, valueOfTrial);
    else laboratory?.load(row);
    linked.map.hold(valueOfTrial);
  };
  const linked = { map: null, explorer: null, trials: null };
  const narrow = (text) => linked.trials.narrow(text);
  const choose = (trial) => {
    show(trial);
    if (laboratory) article.querySelector("[data-laboratory]").scrollIntoView({ block: "nearest" });
  };
  linked.map = showMap(article, payload, show, valueOf(rowOf.get(payload.best)), narrow);
  linked.explorer = showExplorer(article, payload, columns, choose, narrow);
  linked.trials = showTrials(article, payload, columns, laboratory && choose, (rows, text) => {
    linked.map.select(rows === null ? null : rows.map(valueOf));
    linked.explorer.select(rows === null ? null : new Set(rows), text);
  });
  const isKnown = (trial) => rowOf.has(trial) || payload.others(trial) !== null;
  const begin = () => {
    const settings = settingsOf(article.dataset.run);
    show(isKnown(settings?.trial) ? settings.trial : payload.best);
    if (settings === null) return;
    laboratory?.set(settings);
    article.querySelector("[data-laboratory]").scrollIntoView();
  };
  begin();
  addEventListener("hashchange", () => {
    if (settingsOf(article.dataset.run)) begin();
  });
}
main.removeAttribute("aria-busy");
