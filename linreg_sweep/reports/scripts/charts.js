// Charts: scales, ticks and a frame, in the pixels of the place where a chart stands.

const MARGIN = { left: 58, right: 12, top: 30, bottom: 44 };

/** Pixels that a letter takes, and that the words beside an axis take at most. */
const LETTER = 6.5;
const WIDEST = 150;

/** Pixels that a line of words takes. */
const LINE = 14;

const SCALES = {
  linear: { to: (value) => value, back: (value) => value },
  log: { to: Math.log10, back: (value) => 10 ** value },
  epochs: { to: (value) => Math.log10(1 + value), back: (value) => 10 ** value - 1 },
};

/** Returns what puts a value of an axis { low, high, scale } between two places. */
function placer(axis, from, to) {
  const { to: stretched } = SCALES[axis.scale];
  const [low, high] = [stretched(axis.low), stretched(axis.high)];
  const span = high / 2 - low / 2 || 1; // halves, since the whole may be more than a number can be
  return (value) => from + (to - from) * ((stretched(value) / 2 - low / 2) / span);
}

/** Returns round values along an axis, about so many; where it has labels their places, as many as have room. */
function ticks(axis, about, most) {
  if (axis.labels) return thinned([...axis.labels.keys()].filter((place) => place >= axis.low && place <= axis.high), most);
  if (axis.scale === "epochs") {
    const powers = [0];
    for (let tick = 1; tick <= axis.high; tick *= 10) powers.push(tick);
    return thinned(powers, about);
  }
  if (axis.scale === "log") {
    const [low, high] = [Math.ceil(Math.log10(axis.low) - 1e-9), Math.floor(Math.log10(axis.high) + 1e-9)];
    const powers = [];
    for (let power = low; power <= high; power += 1) powers.push(Number(`1e${power}`));
    if (powers.length >= 3) return thinned(powers, about);
    for (const digits of [[1, 2, 5], [1, 3], [1]]) {
      const between = [];
      for (let power = low - 1; power <= high; power += 1) {
        for (const digit of digits) between.push(Number(`${digit}e${power}`));
      }
      const inside = between.filter((tick) => tick >= axis.low && tick <= axis.high);
      if (inside.length >= 2 && inside.length <= about + 1) return inside;
    }
  }
  const span = axis.high - axis.low;
  if (!(span > 0) || !Number.isFinite(span)) return [axis.low];
  const rough = span / about;
  const power = Math.floor(Math.log10(rough));
  const digit = [1, 2, 5, 10].find((each) => each * 10 ** power >= rough);
  const found = [];
  for (let count = Math.ceil(axis.low / (digit * 10 ** power)); ; count += 1) {
    const tick = Number((count * digit * 10 ** power).toPrecision(12));
    if (tick > axis.high || found.length > 50) return found;
    found.push(tick);
  }
}

/** Returns an axis { low, high, scale } with room, a share of its length, beyond its values' ends. */
function axisAround([low, high], byRatio, share = 0.02) {
  const times = byRatio ? Math.max(1.05, (high / low) ** share) : null;
  if (byRatio) return { low: low / times, high: high * times, scale: "log" };
  const room = share * high - share * low || share * (Math.abs(high) || 1);
  return { low: low - room, high: high + room, scale: "linear" };
}

function thinned(values, about) {
  const step = Math.ceil(values.length / Math.max(1, about));
  return values.filter((_, place) => place % step === 0);
}

/** Returns an empty chart { svg, inside, x, y, box }: a frame with ticks and words, and what places values. */
function chart(place, xAxis, yAxis, { ratio = 0.75, top = MARGIN.top } = {}) {
  const width = Math.max(280, Math.min(760, Math.round(place.clientWidth)));
  const height = Math.round(width * ratio);
  const left = Math.max(MARGIN.left, ...(yAxis?.labels ?? []).map((label) => Math.min(LETTER * label.length + 12, WIDEST)));
  const box = { left: yAxis ? left : 12, right: width - MARGIN.right, top, bottom: height - MARGIN.bottom };
  const x = placer(xAxis, box.left, box.right);
  const y = yAxis ? placer(yAxis, box.bottom, box.top) : (share) => box.bottom + (box.top - box.bottom) * share;
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const longest = Math.max(0, ...(xAxis.labels ?? []).map((label) => label.length));
  const most = xAxis.areNumbers ? Math.floor((box.right - box.left) / (LETTER * (longest + 2))) : Infinity; // words are cut
  for (const tick of ticks(xAxis, width < 400 ? 4 : 6, most)) {
    svg.append(
      drawn("line", { class: "grid", x1: x(tick), x2: x(tick), y1: box.top, y2: box.bottom }),
      drawn("text", { x: x(tick), y: box.bottom + 16, "text-anchor": "middle" }, ...tickOf(xAxis, tick, x(1) - x(0))),
    );
  }
  svg.append(drawn("text", { x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" }, xAxis.words));
  for (const tick of yAxis ? ticks(yAxis, 6, Math.floor((box.bottom - box.top) / LINE)) : []) {
    svg.append(
      drawn("line", { class: "grid", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
      drawn("text", { x: box.left - 6, y: y(tick) + 4, "text-anchor": "end" }, ...tickOf(yAxis, tick, box.left - 6)),
    );
  }
  if (yAxis) svg.append(drawn("text", { x: 2, y: 13 }, yAxis.words));
  const clip = `clip-${(chart.count = (chart.count ?? 0) + 1)}`;
  const frame = { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
  const inside = drawn("g", { "clip-path": `url(#${clip})` });
  svg.append(drawn("clipPath", { id: clip }, drawn("rect", frame)), inside, drawn("rect", { class: "axis", ...frame }));
  place.replaceChildren(svg);
  return { svg, inside, x, y, box };
}

/** Returns what stands at a tick: a number, or a word as far as it has room, and the whole one to point at. */
function tickOf(axis, tick, room) {
  if (!axis.labels) return [tickText(tick)];
  const word = axis.labels[tick];
  if (axis.areNumbers) return [word];
  const most = Math.max(1, Math.floor(room / LETTER));
  return word.length <= most ? [word] : [`${word.slice(0, most - 1)}…`, drawn("title", {}, word)];
}

function tickText(value) {
  return value >= 1e4 && value < 1e6 ? counted(value) : sixDigits(value);
}

/** Returns a line through points [x, y] in pixels; where one is not finite the line is broken. */
function line(points, attributes) {
  let path = "";
  let pen = "M";
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) {
      path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    } else {
      pen = "M";
    }
  }
  return drawn("path", { d: path, ...attributes });
}

/** Returns where an event is [x, y], in a picture's own pixels: the page may show it larger or smaller. */
function inPicture(svg, event) {
  return within(svg, event).map((pixels) => pixels / scaleShown(svg));
}

/** Returns where a point [x, y] of a picture is, in the page's pixels. */
function onPage(svg, point) {
  return point.map((pixels) => pixels * scaleShown(svg));
}

function scaleShown(svg) {
  return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
}

/** Calls what draws now, and again whenever its place has another width. */
function redrawn(place, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (place.clientWidth && place.clientWidth !== width) {
      width = place.clientWidth;
      draw();
    }
  }).observe(place);
}
