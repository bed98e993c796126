// The laboratory: one trial of the run as its row has it, and sliders for descents of the page's own, each with its
// path, its cost and its theory. The page knows one rule: SGD on all rows at a constant rate, with momentum or without.
// Whatever else a trial descends by, it shows from the run alone.

const STEPS = 1000;

/** What a number must be, by its input; others may be any finite number. */
const ALLOWED = {
  learning_rate: { holds: (value) => value > 0, words: "above 0" },
  momentum: { holds: (value) => value >= 0 && value < 1, words: "at least 0 and below 1" },
  max_epochs: { holds: (value) => Number.isInteger(value) && value >= 0, words: "a whole number, 0 or more" },
};

/**
 * Shows the laboratory of a run.
 *
 * @param article the run's part of the page.
 * @param given what laboratory.py gives.
 * @param columns the run's trials, unpacked.
 * @returns { load }: shows a trial, by its row, and sets the inputs to its own.
 */
function showLaboratory(article, given, columns) {
  const part = (name) => article.querySelector(`[data-lab-${name}]`);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const targets = given.targets.length;
  let problem = { ...given, ...given.setups[0] };
  const inputs = given.inputs.map((input) => inputOf(input, byName.get(input.name)));
  let [loaded, unlisted, reference, waiting] = [null, null, null, false]; // a row, the number of a trial without one
  let [draw, showMoment] = [() => {}, () => {}];
  const player = showPlayer(part("player"), (moment) => showMoment(moment));
  part("fit").closest("figure").hidden = given.points === null;

  // a mark on the slider of learning rates where the stability limit is
  const limitMark = element("option");
  const marks = element("datalist", { id: `marks-${article.dataset.run}` }, limitMark);
  inputs.find((input) => input.name === "learning_rate").slider.setAttribute("list", marks.id);
  part("inputs").append(marks);

  for (const input of inputs) {
    part("inputs").append(element("label", {}, element("span", {}, input.words), input.slider, input.box));
    input.slider.addEventListener("input", () => {
      input.set(input.at(Number(input.slider.value) / STEPS));
      later();
    });
    input.box.addEventListener("input", () => {
      const value = Number(input.box.value);
      const rule = ALLOWED[input.name] ?? { holds: () => true, words: "a number" };
      if (input.box.value.trim() === "" || !Number.isFinite(value) || !rule.holds(value)) {
        input.box.setAttribute("aria-invalid", "true");
        input.box.title = `must be ${rule.words}`;
        return;
      }
      input.set(value, input.box.value);
      later();
    });
  }

  /** Trains once more before the next picture, however often a slider has moved. */
  function later() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      train();
    });
  }

  const valueOf = (name) => inputs.find((input) => input.name === name).value;

  function settings() {
    const start = new Float64Array(problem.optimum.length * targets);
    for (const { rows, value } of inputs) {
      for (const row of rows ?? []) start.fill(value, row * targets, (row + 1) * targets);
    }
    return { learningRate: valueOf("learning_rate"), momentum: valueOf("momentum"), epochs: valueOf("max_epochs"), start };
  }

  const cellOf = (row, name) => byName.get(name)?.cells[row] ?? null;
  const isTrainable = (row) => cellOf(row, "outcome") !== "failed" && given.way[row] < 0;

  function train() {
    const trial = settings();
    const result = descend(problem, trial);
    if (reference === null) reference = result;
    part("charts").hidden = false;
    picture(result, trial, reference);
    const factors = directions(problem, trial.learningRate, trial.momentum);
    // the settings of a trial have one answer: what the run found
    const row = loaded !== null && inputs.every((input) => input.isAt(loaded)) ? loaded : null;
    const found = row === null ? asRow(result, trial, factors) : rowOf(row);
    describe(found, trial, factors);
    part("note").textContent = row === null ? remark(result) : agreement(row, result);
    tabulate(factors, trial.momentum);
    link(row);
  }

  /** Renews the link to this state. */
  function link(row) {
    const own = row === null ? inputs.map((input) => [input.name, input.value]) : [];
    const settings = { trial: unlisted ?? cellOf(loaded, "trial"), ...Object.fromEntries(own) };
    part("link").setAttribute("href", fragmentOf(article.dataset.run, settings));
  }

  /** Shows a trial that the page cannot train: its row, and the states of it that the run kept. */
  function show(row) {
    const found = rowOf(row);
    const [number, kept] = [cellOf(row, "trial"), problem.kept];
    const places = kept ? kept.trial.flatMap((trial, place) => (trial === number ? [place] : [])) : [];
    const states = places.map((place) => ({ epoch: kept.epoch[place], theta: kept.theta[place], excess: kept.excess[place] }));
    const trial = settings();
    const ended = states.length > 0 && states[states.length - 1].epoch === found.epochs;
    if (states.length && !ended && !found.parameters.includes(null)) {
      states.push({ epoch: found.epochs, theta: found.parameters, excess: cellOf(row, "excess_cost") });
    }
    part("charts").hidden = !states.length;
    const result = { ...found, kept: states };
    picture(result, trial, result);
    describe(found, trial, null);
    if (found.outcome === "failed") part("note").textContent = "This trial could not be trained.";
    else {
      const way = given.ways[given.way[row]];
      const lines = way.includes("weight decay") ? " Optimum and contours are those without the penalty." : "";
      const drawn = states.length
        ? `The pictures connect the states that the run kept.${lines}`
        : "The run kept no states of this trial: to see its path, declare `history: {every: log}` and run the sweep again.";
      part("note").replaceChildren(...withCode(`These numbers come from the run, since this page does not train with ${way}. ${drawn}`));
    }
    part("theory").replaceChildren();
    link(row);
  }

  /** Says that a trial is not listed, and how to see its row. */
  function lack(trial) {
    picture({ kept: [] }, null, null);
    part("words").textContent = `This page does not list trial ${counted(trial)}. To see it: ${given.show} "trial == ${trial}"`;
    for (const name of ["numbers", "note", "theory"]) part(name).replaceChildren();
    link(null);
  }

  /** Draws a descent, and again whenever the page has another width. */
  function picture(result, trial, reference) {
    draw = () => {
      const { kept } = result;
      part("player").hidden = !kept.length;
      part("player").closest(".bench").hidden = !kept.length;
      if (!kept.length) return;
      const drawnNow = [
        [part("path"), drawPath(part("path"), part("path-title"), problem, result, trial)],
        [part("cost"), drawCost(part("cost"), problem, result, reference, loaded)],
      ];
      for (const [place, { at }] of drawnNow) followMoments(place, player, at, (moment) => momentInWords(kept[moment]));
      if (given.points !== null) drawnNow.push([part("fit"), drawFit(part("fit"), problem, result)]);
      showMoment = (moment) => {
        for (const [, shown] of drawnNow) shown.show(moment);
        part("moment").replaceChildren(...momentInWords(kept[moment]).map((words) => element("span", {}, words)));
      };
      player.begin(kept.map(({ epoch }) => epoch));
    };
    draw();
  }

  /** Returns what is told of a kept state: its epoch, its cost, and the line that it is. */
  function momentInWords({ epoch, theta, excess }) {
    const cost = `cost ${sixDigits(excess)} above the optimum`;
    return [`Epoch ${counted(epoch)}`, cost, equationOf(problem, theta)].filter((words) => words !== null);
  }

  /** Returns what the run found of a trial, by the names of its columns. */
  function rowOf(row) {
    const cell = (name) => cellOf(row, name);
    return {
      title: `Trial ${counted(cell("trial"))} of the run`,
      outcome: cell("outcome"),
      convergedAt: cell("converged_at"),
      divergedAt: cell("diverged_at"),
      epochs: cell("epochs"),
      cost: cell("cost"),
      parameters: problem.parameters.map(cell),
      regime: cell("regime"),
      measured: cell("regime_source") === "measured",
      predicted: cell("predicted_outcome"),
      contraction: cell("contraction"),
      ratio: cell("stability_ratio"),
    };
  }

  /** Returns the same of a descent of the page. */
  function asRow(result, trial, factors) {
    const exact = problem.single && result.outcome === "diverged" ? descend({ ...problem, single: false }, trial) : result;
    return {
      ...result,
      title: null,
      cost: problem.cost_min + result.excess,
      parameters: [...result.theta],
      regime: regimeOf(problem, factors[factors.length - 1].factor),
      measured: false,
      predicted: exact.outcome,
      contraction: null,
      ratio: trial.learningRate / stabilityLimit(problem, trial.momentum),
    };
  }

  /** Tells what became of a trial, and what theory says of it; factors: null where it says nothing. */
  function describe(found, trial, factors) {
    const limit = stabilityLimit(problem, trial.momentum);
    limitMark.value = Math.round(STEPS * inputs.find((input) => input.name === "learning_rate").shareOf(limit));
    const at = found.outcome === "diverged" ? found.divergedAt : found.outcome === "converged" ? found.convergedAt : null;
    const when = at === null ? `after ${counted(found.epochs)} epochs` : `at epoch ${counted(at)}`;
    const ended = found.outcome === "failed" ? "could not be trained" : `${found.outcome} ${when}`;
    const became = found.title === null ? `${ended[0].toUpperCase()}${ended.slice(1)}` : `${found.title}: ${ended}`;
    part("words").replaceChildren(element("strong", {}, `${became}.`), ` ${inWords(found, trial, factors).join(" ")}`);
    const entries = [
      { name: "outcome", words: "outcome", text: found.outcome },
      { name: "converged_at", words: "converged at epoch", value: found.convergedAt },
      { name: "diverged_at", words: "diverged at epoch", value: found.divergedAt },
      { name: "epochs", words: "epochs done", value: found.epochs },
      { name: "cost", words: `final cost (squared units of ${problem.targets.join(", ")})`, value: found.cost },
      ...problem.parameters.slice(0, 6).map((name, entry) => ({ name, words: `final ${spaced(name)}`, value: found.parameters[entry] })),
      { name: "regime", words: found.measured ? "regime, measured" : "regime", text: problem.regime_names[found.regime], value: found.regime },
      { name: "contraction", words: "second epoch as a share of the first (measured)", value: found.contraction },
    ];
    if (factors === null) entries.push({ name: "stability_ratio", words: "learning rate / limit", value: found.ratio });
    else {
      const best = bestRate(problem);
      const { factor } = factors[factors.length - 1];
      const size = trial.momentum ? { words: "factor of the steepest direction in the long run (size)", value: Math.abs(factor) } : { words: "factor of the steepest direction per epoch", value: factor };
      entries.push(
        { name: "contraction_by_theory", ...size },
        { name: "stability_limit", words: "stability limit of the learning rate", value: limit },
        { name: "stability_ratio", words: "learning rate / limit", value: found.ratio },
        { name: "best_rate", words: "best fixed rate without momentum", value: best.rate },
        { name: "condition_number", words: "condition number", value: best.condition },
      );
    }
    listNumbers(part("numbers"), entries.filter((entry) => entry.value !== null));
  }

  /** Returns what the regime means there, and how long the flattest direction takes. */
  function inWords(found, trial, factors) {
    if (found.regime === null) return [];
    const name = problem.regime_names[found.regime];
    if (found.measured) return [`Regime ${name}, as measured: ${problem.measured_words[found.regime]}.`];
    if (factors === null) return [`Regime ${name}: ${problem.regime_words[found.regime]}.`];
    const steepest = factors[factors.length - 1];
    const flattest = factors.find((direction) => direction.curvature > 0);
    const said = [`Regime ${name}: ${problem.regime_words[found.regime]}.`, courseInWords(steepest, trial.momentum)];
    const why = surpriseOf(found.outcome, found.regime, found.divergedAt, found.predicted);
    if (why !== null) said.push(`${problem.surprises[why]}.`);
    if (flattest && flattest !== steepest && flattest.epochs !== null) {
      said.push(`The flattest direction takes ${counted(flattest.epochs)} epoch${flattest.epochs === 1 ? "" : "s"} to shrink to 1 % of its error${trial.momentum ? ", in the long run" : ""}.`);
    }
    return said;
  }

  /** Says what is shown where no trial of the run is. */
  function remark(result) {
    const own = result.cut ? `This page stops after ${counted(result.epochs)} epochs, to stay responsive` : `Trained by this page${given.setups.length > 1 ? `, with ${problem.words}` : ""}`;
    if (unlisted !== null) return `${own}, with the settings of trial ${counted(unlisted)}, which this page does not list.`;
    return loaded === null ? `${own}.` : `${own}; trial ${counted(cellOf(loaded, "trial"))} of the run is drawn in grey for comparison.`;
  }

  /** Says how far the page's own descent, which the pictures show, agrees with the run's row. */
  function agreement(row, result) {
    const found = rowOf(row);
    if (result.cut) return `These numbers come from the run. This page stops after ${counted(result.epochs)} epochs, and the pictures end there.`;
    const cost = problem.cost_min + result.excess;
    const sameEvents = found.outcome === result.outcome && found.convergedAt === result.convergedAt && found.divergedAt === result.divergedAt;
    const isSame = (cell, value) => cell === value || (cell === null && Number.isNaN(value));
    if (sameEvents && isSame(found.cost, cost) && found.parameters.every((cell, entry) => isSame(cell, result.theta[entry]))) {
      return `${found.title}, reproduced to the last bit.`;
    }
    const own = `These numbers come from the run. The pictures show the same trial as trained by this page, which rounds differently from the engine ${problem.engine}`;
    if (found.outcome !== result.outcome) return `${own}: here rounding decides the outcome.`;
    const gap = Math.abs(found.epochs - result.epochs);
    if (gap > 0) return `${own}: the two are within ${counted(gap)} epoch${gap === 1 ? "" : "s"} of each other.`;
    const digits = Math.floor(-Math.log10(Math.abs(cost - found.cost) / Math.abs(found.cost)));
    return `${own}: the two agree to the epoch, and their costs to ${digits >= 1 && Number.isFinite(digits) ? `${digits} digits` : "all but the last digits"}.`;
  }

  function tabulate(factors, momentum) {
    const heads = ["direction", "curvature", momentum ? "factor in the long run (size)" : "factor per epoch", ...(momentum ? ["epochs per full swing"] : []), "epochs to 1 % of its error"];
    const flat = factors.filter(({ curvature }) => !(curvature > 0)).length;
    const ends = { [flat]: "flattest", [factors.length - 1]: "steepest" };
    const words = (place) => (factors.length === 1 ? "the only one" : place < flat ? "flat" : (ends[place] ?? String(place + 1)));
    const rows = factors.map(({ curvature, factor, swing, epochs }, place) => {
      const never = Math.abs(factor) > 1 ? "never: it grows" : "never";
      const cells = [curvature, momentum ? Math.abs(factor) : factor].map((value) => element("td", { class: "number", "data-exact": value, title: value }, sixDigits(value)));
      if (momentum) cells.push(element("td", { class: "number", "data-exact": swing, title: swing }, swing === null ? "none" : sixDigits(Number(swing.toPrecision(4)))));
      return element("tr", {}, element("td", {}, words(place)), ...cells, element("td", { class: "number", "data-exact": epochs }, epochs === null ? never : counted(epochs)));
    });
    part("theory").replaceChildren(
      element("caption", {}, "Theory: along each direction the error shrinks or grows independently"),
      element("thead", {}, element("tr", {}, ...heads.map((head, place) => element("th", { scope: "col", class: place ? "number" : null }, head)))),
      element("tbody", {}, ...rows),
    );
  }

  redrawn(part("path"), () => draw());
  return {
    load(row) {
      [loaded, unlisted, reference] = [row, null, null];
      problem = { ...given, ...given.setups[given.setup[row]] };
      inputs.find((input) => input.name === "learning_rate").high = problem.furthest_rate;
      for (const input of inputs) input.load(row);
      part("inputs").hidden = !isTrainable(row);
      if (isTrainable(row)) train();
      else show(row);
    },
    /** Shows a trial that the page does not list, by its number and what returns its value of a column. */
    settle(trial, valueOf) {
      [loaded, unlisted, reference] = [null, trial, null];
      problem = { ...given, ...given.setups[0] };
      for (const input of inputs) input.set(valueOf(input.name) ?? input.begin);
      const isKnown = !given.ways.length && given.setups.length === 1;
      part("inputs").hidden = !isKnown;
      if (isKnown) train();
      else lack(trial);
    },
    /** Sets inputs to { name: number } and trains; what is no input, or not allowed, is left alone. */
    set(settings) {
      if (part("inputs").hidden) return;
      for (const input of inputs) {
        const value = settings[input.name];
        if (Number.isFinite(value) && (ALLOWED[input.name]?.holds(value) ?? true)) input.set(value);
      }
      train();
    },
  };
}

/** Returns an input with its slider and its box for exact numbers; its span takes in the run's own values. */
function inputOf(input, column) {
  const whole = input.name === "max_epochs";
  const known = (column?.cells ?? []).filter((value) => Number.isFinite(value));
  const low = known.reduce((a, b) => Math.min(a, b), input.low);
  const reach = input.name === "learning_rate" ? input.high : known.reduce((a, b) => Math.max(a, b), input.high);
  const slider = element("input", { type: "range", min: 0, max: STEPS, step: 1, "data-slider": input.name, "aria-label": `${input.words}, slider` });
  const box = element("input", { type: "number", step: "any", "data-input": input.name, "aria-label": input.words });
  return {
    ...input,
    slider,
    box,
    value: input.value,
    begin: input.value,
    high: reach,
    /** Returns the value at a share of the slider; of epochs by ratio, of others evenly, four digits. */
    at(share) {
      if (whole) return Math.round(this.high ** share);
      const value = Number((low + (this.high - low) * share).toPrecision(4));
      return input.name === "learning_rate" ? Math.max(value, this.high / STEPS / 10) : value;
    },
    /** Returns the share of the slider at which a value stands. */
    shareOf(value) {
      const share = whole ? Math.log(Math.max(value, 1)) / Math.log(this.high) : (value - low) / (this.high - low);
      return Math.min(Math.max(share, 0), 1);
    },
    set(value, typed = String(value)) {
      this.value = value;
      box.removeAttribute("aria-invalid");
      box.removeAttribute("title");
      if (box.value !== typed) box.value = typed;
      slider.value = Math.round(STEPS * this.shareOf(value));
      slider.setAttribute("aria-valuetext", sixDigits(value));
    },
    load(row) {
      const value = column ? column.cells[row] : input.value;
      if (value !== null) this.set(value);
    },
    isAt(row) {
      return this.value === (column ? column.cells[row] : input.value);
    },
  };
}
