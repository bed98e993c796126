// What a person takes along: a picture as SVG, rows as CSV.

/** Hands a text to the browser as a file. */
function save(name, text, type) {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Saves a picture, with the page's looks of today in it. */
function saveSvg(name, svg) {
  const copy = svg.cloneNode(true);
  const rules = [...document.styleSheets[0].cssRules].filter((rule) => rule.selectorText?.startsWith("svg"));
  const known = getComputedStyle(document.documentElement);
  const settled = rules.map((rule) => rule.cssText.replace(/var\((--[a-z]+)\)/g, (_, name) => known.getPropertyValue(name)));
  const [, , width, height] = copy.getAttribute("viewBox").split(" ");
  for (const [key, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height })) copy.setAttribute(key, value);
  copy.prepend(drawn("style", {}, settled.join("\n")), drawn("rect", { width, height, fill: known.getPropertyValue("--paper") }));
  save(name, new XMLSerializer().serializeToString(copy), "image/svg+xml");
}

/** Saves rows of some columns, every number exact, as `export` writes them. */
function saveCsv(name, columns, rows) {
  const quoted = (cell) => {
    const text = cell === null ? "" : cell === Infinity ? "inf" : cell === -Infinity ? "-inf" : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map((column) => column.name), ...rows.map((row) => columns.map((column) => column.cells[row]))];
  save(name, lines.map((line) => `${line.map(quoted).join(",")}\n`).join(""), "text/csv");
}
