// What theory says of a learning rate: the stability limit, the factor of each direction, the regime (outcome.py).

/** Returns the learning rate above which descent along a curvature grows. */
function stabilityLimit(problem, momentum) {
  const steepest = problem.eigenvalues[problem.eigenvalues.length - 1];
  const multiple = problem.nesterov ? (2 + 2 * momentum) / (1 + 2 * momentum) : 2 * (1 + momentum);
  return steepest === 0 ? Infinity : multiple / steepest;
}

/**
 * Returns what an epoch does to a direction's error: { factor, swing }.
 *
 * Without momentum each epoch multiplies it by the factor. With momentum the factor is the eigenvalue of largest
 * modulus, counted as minus its modulus where it is complex: only in the long run does an epoch shrink the error to
 * that size. swing: how many epochs a full swing takes, 2 where the error changes its sign each epoch, null where it
 * never does.
 */
function course(problem, learningRate, curvature, momentum) {
  const plain = 1 - learningRate * curvature;
  if (momentum === 0) return { factor: plain, swing: plain < 0 ? 2 : null };
  const trace = problem.nesterov ? (1 + momentum) * plain : plain + momentum;
  const determinant = problem.nesterov ? momentum * plain : momentum;
  const discriminant = trace * trace - 4 * determinant;
  if (discriminant < 0) {
    return { factor: -Math.sqrt(Math.abs(determinant)), swing: (2 * Math.PI) / Math.atan2(Math.sqrt(-discriminant), trace) };
  }
  const root = Math.sqrt(discriminant);
  const factor = (trace >= 0 ? trace + root : trace - root) / 2;
  return { factor, swing: factor < 0 ? 2 : null };
}

/** Returns, in a sentence, how the error along the steepest direction changes from epoch to epoch. */
function courseInWords({ factor, swing }, momentum) {
  const shown = (value) => sixDigits(Number(value.toPrecision(4)));
  if (swing !== null && swing > 2) {
    return `There a full swing takes ${sixDigits(Number(swing.toPrecision(3)))} epochs, and each epoch shrinks it to ${shown(-factor)} of its size.`;
  }
  return `There each epoch ${momentum ? "in the long run " : ""}multiplies the error by ${shown(factor)}.`;
}

/** Returns the key of why an outcome is not what a regime suggests, or null; see outcome.py. */
function surpriseOf(outcome, regime, divergedAt, predicted) {
  if (outcome === "converged" && regime === "too_high") return "no_error";
  if (outcome !== "diverged" || regime === "too_high") return null;
  if (divergedAt === 0) return "start";
  return predicted === "diverged" ? "overshoot" : "rounding";
}

/** Returns the regime of a factor of the steepest direction. */
function regimeOf(problem, factor) {
  if (Number.isNaN(factor)) return null;
  if (factor > problem.settling) return "low";
  if (factor >= -problem.settling) return "good";
  return factor >= -1 ? "high" : "too_high";
}

/** Returns the directions from flattest to steepest, each with its curvature, course and epochs to a hundredth. */
function directions(problem, learningRate, momentum) {
  return problem.eigenvalues.map((curvature) => {
    const { factor, swing } = course(problem, learningRate, curvature, momentum);
    const size = Math.abs(factor);
    const epochs = size === 0 ? 1 : Math.ceil(Math.log(0.01) / Math.log(size));
    return { curvature, factor, swing, epochs: size < 1 ? epochs : null };
  });
}

/** Returns the fixed rate without momentum that shrinks the slowest direction most, and the condition number. */
function bestRate(problem) {
  const curved = problem.eigenvalues.filter((value) => value > 0);
  if (!curved.length) return { rate: null, condition: null };
  const [flattest, steepest] = [curved[0], curved[curved.length - 1]];
  return { rate: 2 / (flattest + steepest), condition: steepest / flattest };
}
