// Numbers and elements: what is shown has six digits, what is kept is exact.

/** Returns a number as "%.6g" writes it, a text as it is, and nothing for what is missing. */
function sixDigits(value) {
  if (value === null || Number.isNaN(value)) return "";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const stripped = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const [digits, exponent] = value.toExponential(5).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return stripped(value.toFixed(5 - power));
  return `${stripped(digits)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** Returns a name as a sentence has it: `schedule.gamma` is `schedule gamma`. */
function spaced(name) {
  return name.replaceAll("_", " ").replaceAll(".", " ");
}

/** Returns a number with commas between its thousands: all digits of a whole one, six of another. */
function counted(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  const [whole, ...rest] = sixDigits(value).split(".");
  return [/^-?\d+$/.test(whole) ? Number(whole).toLocaleString("en-US") : whole, ...rest].join(".");
}

/** Returns texts in which what stands between backticks is code. */
function withCode(text) {
  return text.split("`").map((piece, place) => (place % 2 ? element("code", {}, piece) : piece));
}

/** Returns a cell of JSON as a number; infinities come as text. */
function numberOf(cell) {
  return typeof cell === "string" ? Number(cell) : cell;
}

/** Returns the least and the most of finite numbers; of none, infinities the wrong way round. */
function endsOf(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

/** Returns a column of the trials with its cells, one a row; see trials_of in payload.py. */
function unpacked(column) {
  let cells = column.cells ?? column.rows.map((place) => column.different[place]);
  if (column.number) cells = cells.map(numberOf);
  return { ...column, cells };
}

/** Returns an HTML element; texts among its children stay texts. */
function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Returns an SVG element. */
function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** Returns an element with attributes, unless they are null, and with children at its end. */
function filled(made, attributes, children = []) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Fills a list of numbers with entries { name, words, value, text }, each exact beside what is shown. */
function listNumbers(list, entries) {
  list.replaceChildren(
    ...entries.map(({ name, words, value, text }) =>
      element(
        "div",
        {},
        element("dt", {}, words),
        element("dd", { "data-name": name, "data-exact": value, title: value }, text ?? counted(value)),
      ),
    ),
  );
}
