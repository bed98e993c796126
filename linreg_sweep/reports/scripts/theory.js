// What theory says of a learning rate: the stability limit, the factor of each direction, the regime (outcome.py).

/** Returns the learning rate above which descent along a curvature grows. */
function stabilityLimit(problem, momentum) {
  const steepest = problem.eigenvalues[problem.eigenvalues.length - 1];
  const multiple = problem.nesterov ? (2 + 2 * momentum) / (1 + 2 * momentum) : 2 * (1 + momentum);
  return steepest === 0 ? Infinity : multiple / steepest;
}

/** Returns the factor by which a direction's error changes in each epoch; below 0 it swings to and fro. */
function contraction(problem, learningRate, curvature, momentum) {
  const plain = 1 - learningRate * curvature;
  if (momentum === 0) return plain;
  const trace = problem.nesterov ? (1 + momentum) * plain : plain + momentum;
  const determinant = problem.nesterov ? momentum * plain : momentum;
  const discriminant = trace * trace - 4 * determinant;
  if (discriminant < 0) return -Math.sqrt(Math.abs(determinant));
  const root = Math.sqrt(discriminant);
  return (trace >= 0 ? trace + root : trace - root) / 2;
}

/** Returns the regime of a factor of the steepest direction. */
function regimeOf(problem, factor) {
  if (Number.isNaN(factor)) return null;
  if (factor > problem.settling) return "low";
  if (factor >= -problem.settling) return "good";
  return factor >= -1 ? "high" : "too_high";
}

/** Returns the directions from flattest to steepest, each with its curvature, factor and epochs to a hundredth. */
function directions(problem, learningRate, momentum) {
  return problem.eigenvalues.map((curvature) => {
    const factor = contraction(problem, learningRate, curvature, momentum);
    const size = Math.abs(factor);
    const epochs = size === 0 ? 1 : Math.ceil(Math.log(0.01) / Math.log(size));
    return { curvature, factor, epochs: size < 1 ? epochs : null };
  });
}

/** Returns the fixed rate without momentum that shrinks the slowest direction most, and the condition number. */
function bestRate(problem) {
  const curved = problem.eigenvalues.filter((value) => value > 0);
  if (!curved.length) return { rate: null, condition: null };
  const [flattest, steepest] = [curved[0], curved[curved.length - 1]];
  return { rate: 2 / (flattest + steepest), condition: steepest / flattest };
}
