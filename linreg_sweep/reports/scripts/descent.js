// Gradient descent on H and C, by the same operations in the same order as the package's own engine for NumPy has up
// to 8 parameters (engines/numpy_engine.py), so that the same trial has the same bits.

/** How many products of an entry of H a descent may take, so that a slider never waits. */
const MAX_PRODUCTS = 4e7;

/** Epochs that are all kept; later ones are kept as their number grows by this share. */
const KEPT = 200;
const GROWTH = 1.02;

/** Returns the excess cost of a state [P * O]: a sum of squares along the eigenvectors. */
function excessCost(problem, theta) {
  const { eigenvalues, eigenvectors, optimum, optimum_low: optimumLow, cost_per_loss: perLoss } = problem;
  const targets = optimum[0].length;
  let total = 0;
  for (let each = 0; each < eigenvalues.length; each += 1) {
    const vector = eigenvectors[each];
    const factor = eigenvalues[each] * perLoss;
    for (let target = 0; target < targets; target += 1) {
      let along = vector[0] * (theta[target] - optimum[0][target] - optimumLow[0][target]);
      for (let row = 1; row < vector.length; row += 1) {
        along += vector[row] * (theta[row * targets + target] - optimum[row][target] - optimumLow[row][target]);
      }
      total += factor * along * along;
    }
  }
  return total;
}

/**
 * Trains one trial until its first event, or its last epoch.
 *
 * @param problem what laboratory.py gives.
 * @param trial { learningRate, momentum, epochs, start: [P * O] }.
 * @returns { outcome, epochs, convergedAt, divergedAt, theta, excess, kept: [{ epoch, theta, excess }], cut }:
 *   null for an event that never came; cut: it would have gone on, but a page can train no more at once.
 */
function descend(problem, trial) {
  const rounded = problem.single ? Math.fround : (value) => value;
  const [size, targets] = [problem.hessian.length, problem.constant[0].length];
  const hessian = problem.hessian.map((row) => row.map(rounded));
  const constant = problem.constant.flat().map(rounded);
  const [rate, momentum] = [rounded(trial.learningRate), rounded(trial.momentum)];
  const most = Math.floor(MAX_PRODUCTS / (size * size * targets));
  const last = Math.min(trial.epochs, most);
  const theta = Float64Array.from(trial.start, rounded);
  const gradient = new Float64Array(theta.length);
  const velocity = new Float64Array(theta.length);
  const low = problem.converged_excess;
  const atStart = excessCost(problem, trial.start);
  const bound = problem.divergence * Math.max(problem.cost_min + atStart, problem.scale) - problem.cost_min;
  const high = Math.min(bound, Number.MAX_VALUE);

  const kept = [];
  let [convergedAt, divergedAt, epoch, next, excess] = [null, null, 0, 0, 0];
  for (; ; epoch += 1) {
    excess = excessCost(problem, theta);
    if (epoch === next) {
      kept.push({ epoch, theta: theta.slice(), excess });
      next = epoch < KEPT ? epoch + 1 : Math.ceil(epoch * GROWTH);
    }
    if (!(excess <= high)) {
      divergedAt = epoch;
      break;
    }
    if (convergedAt === null && excess <= low) {
      convergedAt = epoch;
      if (problem.early_stop) break;
    }
    if (epoch >= last) break;
    for (let row = 0; row < size; row += 1) {
      for (let target = 0; target < targets; target += 1) {
        let sum = rounded(hessian[row][0] * theta[target]);
        for (let column = 1; column < size; column += 1) {
          sum = rounded(sum + rounded(hessian[row][column] * theta[column * targets + target]));
        }
        gradient[row * targets + target] = rounded(sum - constant[row * targets + target]);
      }
    }
    for (let entry = 0; entry < theta.length; entry += 1) {
      let step = gradient[entry];
      if (momentum !== 0) {
        velocity[entry] = rounded(rounded(velocity[entry] * momentum) + step);
        step = problem.nesterov ? rounded(step + rounded(velocity[entry] * momentum)) : velocity[entry];
      }
      theta[entry] = rounded(theta[entry] - rounded(step * rate));
    }
  }
  if (kept[kept.length - 1].epoch !== epoch) kept.push({ epoch, theta: theta.slice(), excess });
  const reached = problem.early_stop ? convergedAt !== null : excess <= low;
  const outcome = divergedAt !== null ? "diverged" : reached ? "converged" : "unfinished";
  const cut = epoch === last && last < trial.epochs && divergedAt === null;
  return { outcome, epochs: epoch, convergedAt, divergedAt, theta, excess, kept, cut };
}
