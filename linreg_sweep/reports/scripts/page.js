// Every run of the page: its trials unpacked, its map, its laboratory and its table tied together.

for (const article of document.querySelectorAll("article[data-run]")) {
  const payload = JSON.parse(document.getElementById(`data-${article.dataset.run}`).textContent);
  const columns = payload.trials.map(unpacked);
  const rowOf = new Map(columns.find((column) => column.name === "trial").cells.map((trial, row) => [trial, row]));
  const valueOf = (row) => (name) => columns.find((column) => column.name === name).cells[row];
  const laboratory = payload.laboratory && showLaboratory(article, payload.laboratory, columns);
  const show = (trial) => {
    if (rowOf.has(trial)) laboratory?.load(rowOf.get(trial));
  };
  const map = showMap(article, payload, show, valueOf(rowOf.get(payload.best)));
  const choose = (trial) => {
    show(trial);
    map.hold(valueOf(rowOf.get(trial)));
    article.querySelector("[data-laboratory]").scrollIntoView({ block: "nearest" });
  };
  showTrials(article, payload, columns, laboratory && choose);
  show(payload.best);
  map.hold(valueOf(rowOf.get(payload.best)));
}
