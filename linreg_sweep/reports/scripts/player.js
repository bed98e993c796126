// The moments of a descent: played, stepped through, or pointed at, with every picture at the same epoch.

/** How long all moments take when they are played, and how often one is shown at most, in milliseconds. */
const PLAYED_IN = 6000;
const BEAT = 40;

/** Stops of a descent where a person asked for less motion, one a second. */
const STOPS = 10;

/**
 * Shows the controls of a descent's moments.
 *
 * @param place where they stand.
 * @param show called with the place of a moment in the descent.
 * @returns { begin(moments), to(moment), step(by), at() }; moments: the epochs of a new descent, shown at its last.
 */
function showPlayer(place, show) {
  const button = (words, sign) => element("button", { type: "button", "aria-label": words, title: words }, sign);
  const [first, back, play, forward] = [button("To the start", "|◀"), button("One step back", "◂"), button("Play", "▶"), button("One step on", "▸")];
  const slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "moment of the descent", "data-player": "" });
  let [epochs, at, timer] = [[0], 0, null];
  place.append(first, back, play, forward, slider);

  function say(words, sign) {
    play.textContent = sign;
    filled(play, { "aria-label": words, title: words });
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    say("Play", "▶");
  }

  function to(moment) {
    at = Math.min(Math.max(moment, 0), epochs.length - 1);
    slider.value = at;
    slider.setAttribute("aria-valuetext", `epoch ${epochs[at]}`);
    back.disabled = first.disabled = at === 0;
    forward.disabled = at === epochs.length - 1;
    show(at);
  }

  function start() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const beats = calm ? STOPS : PLAYED_IN / BEAT;
    const stride = Math.max(1, Math.ceil(epochs.length / beats));
    const beat = calm ? 1000 : Math.max(BEAT, Math.min(600, PLAYED_IN / epochs.length));
    say("Pause", "❚❚");
    to(at === epochs.length - 1 ? 0 : at);
    timer = setInterval(() => {
      to(at + stride);
      if (at === epochs.length - 1) stop();
    }, beat);
  }

  const step = (by) => {
    stop();
    to(at + by);
  };
  play.addEventListener("click", () => (timer === null ? start() : stop()));
  first.addEventListener("click", () => step(-at));
  back.addEventListener("click", () => step(-1));
  forward.addEventListener("click", () => step(1));
  slider.addEventListener("input", () => step(Number(slider.value) - at));
  return {
    begin(moments) {
      stop();
      epochs = moments;
      slider.max = epochs.length - 1;
      to(epochs.length - 1);
    },
    to: (moment) => step(moment - at),
    step,
    at: () => at,
  };
}

/** Lets a picture's moments be pointed at and walked through; found: pixels [x, y] or null, a moment each. */
function followMoments(place, player, found, lines) {
  const tip = tooltip(place);
  const svg = place.querySelector("svg");
  svg.setAttribute("tabindex", "0");
  const nearest = (x, y) =>
    found.reduce((best, point, moment) => {
      const far = point === null ? Infinity : (point[0] - x) ** 2 + (point[1] - y) ** 2;
      return far < best.far ? { moment, far } : best;
    }, { moment: null, far: Infinity }).moment;
  const pointedAt = (event) => nearest(...inPicture(svg, event));
  svg.addEventListener("pointermove", (event) => {
    const moment = pointedAt(event);
    if (moment !== null) tip.show(lines(moment), ...within(place, event));
  });
  svg.addEventListener("pointerleave", tip.hide);
  svg.addEventListener("click", (event) => {
    const moment = pointedAt(event);
    if (moment !== null) player.to(moment);
  });
  svg.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    player.step(by);
    const at = found[player.at()];
    if (at) tip.show(lines(player.at()), ...onPage(svg, at));
  });
  svg.addEventListener("blur", tip.hide);
}
