// Colours of numbers and of mixtures, the same as in the pictures that `plot` draws.

/** Stops of the colours of epochs, few to many: viridis, by Smith and van der Walt, as matplotlib has it. */
const RAMP = ["#fde725", "#7ad151", "#22a884", "#2a788e", "#414487", "#440154"];

/** How many times the least the most is above which colours and axes go by ratio. */
const BY_RATIO = 30;

/** Returns [red, green, blue] of a colour such as #0072B2. */
function channels(colour) {
  return [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
}

/** Returns the mixture [red, green, blue] of colours given so, by their weights, which add up to 1. */
function mixed(colours, weights) {
  return [0, 1, 2].map((channel) => Math.round(colours.reduce((sum, colour, place) => sum + colour[channel] * weights[place], 0)));
}

/** Returns [red, green, blue] of a share from 0 (few epochs) to 1 (many). */
function ramped(share) {
  const place = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const below = Math.min(Math.floor(place), RAMP.length - 2);
  return mixed(RAMP.slice(below, below + 2).map(channels), [1 - (place - below), place - below]);
}

/** Returns the colour of a share from 0 (few epochs) to 1 (many), as CSS has it. */
function ramp(share) {
  return inCss(ramped(share));
}

function inCss(colour) {
  return `rgb(${colour.join(" ")})`;
}

/** Returns what turns epochs, or costs, into a share; low, high: what 0 and 1 stand for. As norm_of in plots/maps.py. */
function shareOf(known, areEpochs) {
  const ends = endsOf(known);
  const [least, high] = areEpochs ? [Math.max(1, ends[0]), Math.max(2, ends[1])] : ends;
  const byRatio = least > 0 && high / least > BY_RATIO;
  const low = areEpochs && !byRatio ? 0 : least;
  const share = byRatio
    ? (value) => Math.log(Math.max(value, low) / low) / Math.log(high / low)
    : (value) => (value - low) / (high - low || 1);
  return { share, low, high, known: known.length > 0, byRatio };
}

/** Returns a patch of a colour for a legend. */
function patch(fill) {
  return drawn("svg", { viewBox: "0 0 10 10", class: "patch", "aria-hidden": "true" }, drawn("rect", { width: 10, height: 10, fill }));
}
