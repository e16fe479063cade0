// How izhikevich-stdp learns: in each column the first neuron to fire learns by the pair rule of
// STDP; the label teaches the read-out by its error (spikeoff.contenders.izhikevich_stdp.kernels).
import { fround } from "./arithmetic.js";

const LANES = 16; // the kernel sums squares in so many parts
const AT_ONCE = 4; // and adds up the steps of a spike train in such groups

/**
 * Hidden layer, in place: whoever fired first in a column learns, and thresholds share the wins out.
 * Returns who learned.
 *
 * `network` has hidden [pixels * n] and theta [n]; `trace` the spikes by step and v before reset.
 */
export function learnColumns({ hidden, theta, n }, inputs, trace, { size, share }, rule) {
  return rule.fields.flatMap((field, column) => {
    const pixels = pixelsOf(field, rule.width), trains = spikeTrains(inputs, pixels);
    if (trains.every((train) => !train.length)) return []; // a column that sees nothing learns nothing
    const first = column * size, won = winner(trace, n, first, first + size);
    for (let h = first; h < first + size; h++) {
      theta[h] = fround(rule.theta_plus * fround((h === won ? 1 : 0) - share) + theta[h]);
    }
    if (won < 0) return [];
    strengthen(hidden, n, won, pixels, trains, trace.spikes, rule);
    return [won];
  });
}

/** Read-out [n * classes], in place: presynaptic spikes times the error of the share of activity. */
export function teach(output, spikes, shares, label, rate) {
  const classes = shares.length, counts = new Map();
  for (const fired of spikes) for (const h of fired) counts.set(h, (counts.get(h) ?? 0) + 1);
  for (const [h, count] of counts) {
    for (let k = 0; k < classes; k++) {
      const error = fround((k === label ? 1 : 0) - shares[k]), place = h * classes + k;
      output[place] = fround(fround(rate * count) * error + output[place]);
    }
  }
}

/** The pixels of a rectangle [[top, bottom], [left, right]] of an image, ascending. */
function pixelsOf([[top, bottom], [left, right]], width) {
  const pixels = [];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) pixels.push(row * width + column);
  }
  return pixels;
}

/** The steps at which each of these pixels fires. */
function spikeTrains(inputs, pixels) {
  const trains = new Map(pixels.map((pixel) => [pixel, []]));
  inputs.forEach((fired, step) => fired.forEach((pixel) => trains.get(pixel)?.push(step)));
  return pixels.map((pixel) => trains.get(pixel));
}

/** Who of the neurons [start, stop) fires first, by the highest potential; -1 for nobody. */
function winner({ spikes, v }, n, start, stop) {
  for (let step = 0; step < spikes.length; step++) {
    let best = -1;
    for (const h of spikes[step]) {
      if (h >= start && h < stop && (best < 0 || v[step * n + h] > v[step * n + best])) best = h;
    }
    if (best >= 0) return best;
  }
  return -1;
}

/** STDP on the weights of one neuron, which are then scaled back to length 1. */
function strengthen(hidden, n, neuron, pixels, trains, spikes, rule) {
  const byStep = windowSums(spikes.map((fired) => fired.includes(neuron)), rule.window);
  const squares = new Float32Array(LANES);
  const own = Float32Array.from(pixels, (pixel, k) => {
    const change = groupedSum(trains[k], byStep), w = hidden[pixel * n + neuron];
    const grown = Math.max(fround(rule.stdp_lr * change + w), 0);
    squares[k % LANES] = fround(grown * grown + squares[k % LANES]);
    return grown;
  });
  const held = squares.reduce((a, b) => fround(a + b), 0), length = fround(Math.sqrt(held));
  const factor = length > 0 ? fround(1 / length) : 1;
  pixels.forEach((pixel, k) => {
    const scaled = fround(own[k] * factor);
    hidden[pixel * n + neuron] = scaled >= rule.least ? scaled : 0;
  });
}

/** For every step, what an input spike at it changes: the window summed over a neuron's spikes. */
function windowSums(fired, window) {
  const nSteps = fired.length, sums = new Float32Array(Math.ceil(nSteps / AT_ONCE) * AT_ONCE);
  fired.forEach((fires, after) => {
    if (!fires) return;
    for (let before = 0; before < nSteps; before++) sums[before] += window[nSteps - 1 - after + before];
  });
  return sums;
}

/** The sum over the steps of a train, four steps at a time. */
function groupedSum(train, byStep) {
  let total = 0;
  for (let start = 0; start < byStep.length; start += AT_ONCE) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => (train.includes(start + k) ? byStep[start + k] : 0));
    total = fround(total + fround(fround(a + b) + fround(c + d)));
  }
  return total;
}
