// Zoom: which part of a map is shown, and how a hand chooses it.

/** The part of a map that is shown: shares of its axes, [from, to] across and upwards. */
const WHOLE = [[0, 1], [0, 1]];

/** How much closer a step of zoom comes, and the smallest share of an axis. */
const CLOSER = 2;
const CLOSEST = 1 / 4096;

/** The share of the picture that a hand must move to drag. */
const DRAGGED = 0.01;

function isWhole(view) {
  return view.every(([from, to]) => from === 0 && to === 1);
}

/** Returns a part moved to lie within the whole, and no smaller than can be shown. */
function fitted(view) {
  return view.map(([from, to]) => {
    const size = Math.min(Math.max(to - from, CLOSEST), 1);
    const low = Math.min(Math.max(from, 0), 1 - size);
    return size === 1 ? [0, 1] : [low, low + size];
  });
}

/** Returns the part that is closer by a factor, round a place in it given by its shares [across, up]. */
function zoomed(view, factor, centre = [0.5, 0.5]) {
  return fitted(view.map(([from, to], side) => {
    const [at, size] = [from + centre[side] * (to - from), (to - from) / factor];
    return [at - centre[side] * size, at + (1 - centre[side]) * size];
  }));
}

/** Returns a part moved by shares [across, up] of what it shows. */
function moved(view, by) {
  return fitted(view.map(([from, to], side) => [from, to].map((end) => end + by[side] * (to - from))));
}

/**
 * Lets a hand zoom: dragging frames a part, with the Shift key it moves what is shown; the wheel zooms with Ctrl.
 * A finger moves a part that is zoomed to, and else scrolls the page.
 *
 * @param place where the map is.
 * @param seen returns { paper, view }: the map's chart, and the part that it shows.
 * @param look called with another part to show.
 * @returns what says whether the last press became a drag.
 */
function letZoom(place, seen, look) {
  /** Returns where an event is, as shares of what is shown [across, up]. */
  function shares(event) {
    const { svg, box: { left, right, top, bottom } } = seen().paper;
    const [x, y] = inPicture(svg, event);
    return [(x - left) / (right - left), (bottom - y) / (bottom - top)].map((share) => Math.min(Math.max(share, 0), 1));
  }

  let dragged = false;
  place.addEventListener("pointerdown", (event) => {
    dragged = false;
    const [from, { view }] = [shares(event), seen()];
    const isFinger = event.pointerType === "touch";
    if (event.button !== 0 || (isFinger && isWhole(view))) return;
    const moves = isFinger || event.shiftKey;
    const frame = drawn("rect", { class: "frame" });
    const move = (next) => {
      const to = shares(next);
      dragged = dragged || to.some((share, side) => Math.abs(share - from[side]) > DRAGGED);
      if (!dragged) return;
      if (moves) {
        look(moved(view, to.map((share, side) => from[side] - share)));
        return;
      }
      const { svg, box: { left, right, top, bottom } } = seen().paper;
      const at = (share, side) => (side ? bottom - share * (bottom - top) : left + share * (right - left));
      const [x, y] = [0, 1].map((side) => [at(from[side], side), at(to[side], side)]);
      filled(frame, { x: Math.min(...x), y: Math.min(...y), width: Math.abs(x[0] - x[1]), height: Math.abs(y[0] - y[1]) });
      if (!frame.isConnected) svg.append(frame);
    };
    const end = (last) => {
      removeEventListener("pointermove", move);
      frame.remove();
      if (!dragged || moves) return;
      const to = shares(last);
      look(fitted(view.map(([low, high], side) => {
        const [a, b] = [from[side], to[side]].sort((one, other) => one - other);
        return b - a > DRAGGED ? [low + a * (high - low), low + b * (high - low)] : [low, high];
      })));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  });
  place.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    look(zoomed(seen().view, event.deltaY < 0 ? CLOSER : 1 / CLOSER, shares(event)));
  }, { passive: false });
  return () => dragged;
}
