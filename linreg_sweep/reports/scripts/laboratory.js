// The laboratory: sliders for one trial, trained anew at each move, with its path, its cost and its theory.

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
 * @param problem what laboratory.py gives.
 * @param columns the run's trials, unpacked.
 * @returns { load }: sets the inputs to those of a trial, by its row.
 */
function showLaboratory(article, problem, columns) {
  const part = (name) => article.querySelector(`[data-lab-${name}]`);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const targets = problem.targets.length;
  const inputs = problem.inputs.map((input) => inputOf(input, byName.get(input.name)));
  let [loaded, reference, waiting] = [null, null, false];

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

  function train() {
    const trial = settings();
    const result = descend(problem, trial);
    if (reference === null) reference = result;
    const draw = () => {
      drawPath(part("path"), part("path-title"), problem, result, trial);
      drawCost(part("cost"), problem, result, reference, loaded);
    };
    draw();
    train.draw = draw;
    const factors = directions(problem, trial.learningRate, trial.momentum);
    tell(trial, result, factors);
    tabulate(factors);
  }

  function tell(trial, result, factors) {
    const steepest = factors[factors.length - 1];
    const regime = regimeOf(problem, steepest.factor);
    const limit = stabilityLimit(problem, trial.momentum);
    limitMark.value = Math.round(STEPS * inputs.find((input) => input.name === "learning_rate").shareOf(limit));
    const best = bestRate(problem);
    const at = result.divergedAt ?? result.convergedAt;
    const became = at === null ? `${result.outcome} after ${counted(result.epochs)} epochs` : `${result.outcome} at epoch ${counted(at)}`;
    const flattest = factors.find((direction) => direction.curvature > 0);
    const how = [
      `Regime ${problem.regime_names[regime]}: ${problem.regime_words[regime]}; each epoch multiplies its error by ${sixDigits(Number(steepest.factor.toPrecision(4)))}.`,
    ];
    if (flattest && flattest !== steepest && flattest.epochs !== null) {
      how.push(`The flattest direction takes ${counted(flattest.epochs)} epochs to a hundredth of its error.`);
    }
    part("words").replaceChildren(element("strong", {}, `${became[0].toUpperCase()}${became.slice(1)}.`), ` ${how.join(" ")}`);
    const cost = problem.cost_min + result.excess;
    const entries = [
      { name: "outcome", words: "outcome", text: result.outcome },
      { name: "converged_at", words: "converged at epoch", value: result.convergedAt },
      { name: "diverged_at", words: "diverged at epoch", value: result.divergedAt },
      { name: "epochs", words: "epochs done", value: result.epochs },
      { name: "cost", words: `last cost (${problem.targets.join(", ")} squared)`, value: cost },
      ...problem.parameters.slice(0, 6).map((name, entry) => ({ name, words: `last ${name}`, value: result.theta[entry] })),
      { name: "regime", words: "regime", text: problem.regime_names[regime], value: regime },
      { name: "contraction_by_theory", words: "factor of the steepest direction, an epoch", value: steepest.factor },
      { name: "stability_limit", words: "stability limit of the learning rate", value: limit },
      { name: "stability_ratio", words: "learning rate / limit", value: trial.learningRate / limit },
      { name: "best_rate", words: "best fixed rate without momentum", value: best.rate },
      { name: "condition_number", words: "condition number", value: best.condition },
    ];
    listNumbers(part("numbers"), entries.filter((entry) => entry.value !== null));
    part("note").textContent = remark(result, cost);
  }

  /** Says how the trial compares with the run's own row of it. */
  function remark(result, cost) {
    if (problem.mini_batches) {
      return "Trials of this run may see mini-batches; the laboratory takes all rows in each step, so it does not repeat those.";
    }
    if (result.cut) return `Trained here for ${counted(result.epochs)} epochs at most, so that the page does not wait.`;
    if (loaded === null) return "Choose a cell of the map, or a trial of the table, to set the sliders to it.";
    const trial = `Trial ${counted(byName.get("trial").cells[loaded])} of the run`;
    if (!inputs.every((input) => input.isAt(loaded))) return `${trial} is drawn in grey for comparison.`;
    const cell = (name) => byName.get(name).cells[loaded];
    const events = cell("outcome") === result.outcome && cell("converged_at") === result.convergedAt && cell("diverged_at") === result.divergedAt;
    if (events && cell("cost") === cost) return `${trial}, repeated to the last bit of its cost.`;
    if (events) return `${trial}, repeated; its cost in the run, ${cell("cost")}, has other last digits: its engine, ${problem.engine}, rounds otherwise.`;
    return `${trial}: there its outcome is ${cell("outcome")} after ${counted(cell("epochs"))} epochs; its engine, ${problem.engine}, rounds otherwise.`;
  }

  function tabulate(factors) {
    const heads = ["direction", "curvature", "factor an epoch", "epochs to a hundredth of its error"];
    const words = (place) => (factors.length === 1 ? "the only one" : place === 0 ? "flattest" : place === factors.length - 1 ? "steepest" : String(place + 1));
    const rows = factors.map(({ curvature, factor, epochs }, place) => {
      const never = Math.abs(factor) > 1 ? "never: it grows" : "never";
      const cells = [curvature, factor].map((value) => element("td", { class: "number", "data-exact": value, title: value }, sixDigits(value)));
      return element("tr", {}, element("td", {}, words(place)), ...cells, element("td", { class: "number", "data-exact": epochs }, epochs === null ? never : counted(epochs)));
    });
    part("theory").replaceChildren(
      element("caption", {}, "Theory: each direction of the data shrinks or grows by itself"),
      element("thead", {}, element("tr", {}, ...heads.map((head, place) => element("th", { scope: "col", class: place ? "number" : null }, head)))),
      element("tbody", {}, ...rows),
    );
  }

  redrawn(part("path"), () => train.draw?.());
  return {
    load(row) {
      loaded = row;
      reference = null;
      for (const input of inputs) input.load(row);
      train();
    },
  };
}

/** Returns an input with its slider and its box for exact numbers; its span takes in the run's own values. */
function inputOf(input, column) {
  const whole = input.name === "max_epochs";
  const known = (column?.cells ?? []).filter((value) => Number.isFinite(value));
  const low = known.reduce((a, b) => Math.min(a, b), input.low);
  const high = input.name === "learning_rate" ? input.high : known.reduce((a, b) => Math.max(a, b), input.high);
  const slider = element("input", { type: "range", min: 0, max: STEPS, step: 1, "data-slider": input.name, "aria-label": `${input.words}, slider` });
  const box = element("input", { type: "number", step: "any", "data-input": input.name, "aria-label": input.words });
  return {
    ...input,
    slider,
    box,
    value: input.value,
    /** Returns the value at a share of the slider; of epochs by ratio, of others evenly, four digits. */
    at(share) {
      if (whole) return Math.round(high ** share);
      const value = Number((low + (high - low) * share).toPrecision(4));
      return input.name === "learning_rate" ? Math.max(value, high / STEPS / 10) : value;
    },
    /** Returns the share of the slider at which a value stands. */
    shareOf(value) {
      const share = whole ? Math.log(Math.max(value, 1)) / Math.log(high) : (value - low) / (high - low);
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
      this.set(column ? column.cells[row] : input.value);
    },
    isAt(row) {
      return this.value === (column ? column.cells[row] : input.value);
    },
  };
}
