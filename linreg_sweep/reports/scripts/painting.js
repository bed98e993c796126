// The colours of the cells of a map, made once, whatever part is shown: dots of a picture, four bytes each.

/** Steps of the colours of numbers, as in plots/maps.py. */
const RAMP_STEPS = 1021;

/** How much shines through a cell that does not stand out. */
const FAINT = 0.12;

/** Returns [red, green, blue] as a dot: these bytes, and how much it covers. */
function asDot([red, green, blue], covers = 1) {
  return ((Math.round(255 * covers) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Returns [colour, isFaint] of a dot. */
function fromDot(dot) {
  return [[dot & 255, (dot >>> 8) & 255, (dot >>> 16) & 255], dot >>> 24 < 255];
}

/**
 * Returns a dot a cell; 0 where there are no trials.
 *
 * @param numbers what the colours show, one a cell; null: outcomes.
 * @param shares see shareOf.
 */
function coloursOf(map, outcomes, numbers, shares) {
  const steps = Uint32Array.from({ length: RAMP_STEPS }, (_, step) => asDot(ramped(step / (RAMP_STEPS - 1))));
  const counts = Object.keys(outcomes).map((name) => map[name]);
  const fills = Object.values(outcomes).map(channels);
  const dots = fills.map((fill) => asDot(fill));
  const colours = new Uint32Array(map.trials.length);
  for (let cell = 0; cell < colours.length; cell += 1) {
    if (map.trials[cell] === 0) continue;
    if (numbers !== null && Number.isFinite(numbers[cell])) {
      colours[cell] = steps[Math.round((RAMP_STEPS - 1) * Math.min(Math.max(shares.share(numbers[cell]), 0), 1))];
      continue;
    }
    let most = 0;
    for (let outcome = 1; outcome < counts.length; outcome += 1) {
      if (counts[outcome][cell] > counts[most][cell]) most = outcome;
    }
    const isMixed = numbers === null && counts[most][cell] < map.trials[cell];
    colours[cell] = isMixed ? asDot(mixed(fills, counts.map((count) => count[cell] / map.trials[cell]))) : dots[most];
  }
  return colours;
}

/** Returns colours of which only those in the blocks of listed cells, by their places [column, row], stand out. */
function dimmed(colours, wide, block, listed) {
  const blocks = new Set(listed.map(([column, row]) => Math.floor(row / block) * wide + Math.floor(column / block)));
  return colours.map((dot, cell) => {
    const place = Math.floor(cell / wide / block) * wide + Math.floor((cell % wide) / block);
    return dot === 0 || blocks.has(place) ? dot : asDot(fromDot(dot)[0], FAINT);
  });
}
