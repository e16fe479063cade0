// How diehl-cook learns: STDP at every spike, thresholds that rise, weights of a constant sum.
//
// As in spikeoff.contenders.diehl_cook.kernels: the input spikes of a presentation are known before
// it starts, so the conductance that they will open is summed for all steps at once. Between two
// spikes of a neuron its weights change by known arrivals alone; they are brought up to date when it
// fires, and the rest of its input is summed anew.
import { fround } from "./arithmetic.js";
import { poissonTrains } from "./coding.js";
import { CompetingLayer } from "./competing_layer.js";

export const ENOUGH_SPIKES = 5; // with fewer, the image is shown again, brighter
export const MAX_PRESENTATIONS = 25;
const NO_SPIKE = -1;
const LOST = 16 * 2 ** -23; // a trace this small is lost in rounding

/** Conductance that input spikes open at every step, [steps * neurons], with weights as they are. */
export function deliver(trains, weights, { arrays, settings }, nSteps) {
  const n = arrays.theta_0.length, nPixels = weights.length / n, out = new Float32Array(nSteps * n);
  for (const { pixel, times } of trains) {
    for (let j = 0; j < n; j++) {
      const place = j * nPixels + pixel, w = fround(settings.gain * weights[place]);
      const shift = arrays.delays_0[place];
      for (let k = 0; k < times.length; k++) out[(times[k] + shift) * n + j] += w;
    }
  }
  return out;
}

/** A trace by steps since it was set to 1; the last entry, 0, stays. */
function decaying(tau, dt) {
  const n = Math.ceil((-Math.log(LOST) * tau) / dt);
  return Float32Array.from({ length: n + 1 }, (_, k) => (k < n ? Math.exp((-k * dt) / tau) : 0));
}

const after = (table, steps) => table[Math.min(steps, table.length - 1)];

export class TripletLearner {
  /** The trained network, which has been silent before its first image. */
  constructor(description, targets) {
    const { arrays, settings } = description, { dt, learning } = settings;
    Object.assign(this, { description, settings, rule: learning, delays: arrays.delays_0 });
    this.weights = arrays.weights_0.slice();
    this.theta = Float64Array.from(arrays.theta_0);
    this.n = this.theta.length;
    this.nPixels = this.weights.length / this.n;
    this.layer = new CompetingLayer(settings, new Float32Array(this.n), targets, arrays.to_excitatory_0);
    this.pre = decaying(learning.tau_pre, dt);
    this.post1 = decaying(learning.tau_post1, dt);
    this.post2 = decaying(learning.tau_post2, dt);
    this.lastInputs = new Float64Array(this.nPixels).fill(-Infinity);
    this.changed = new Uint8Array(this.n).fill(1); // since weights were normalised
    this.now = 0;
  }

  /** Learn from one image; returns the spikes of each neuron while it was shown, [n]. */
  learn(pixels, { id, epoch }) {
    const { n_steps, intensity, dt, seed } = this.settings;
    let spikes = null;
    for (let presentation = 0; presentation < MAX_PRESENTATIONS; presentation++) {
      this.#normalise();
      spikes = this.#present(poissonTrains(pixels, n_steps, intensity + presentation, dt, { id, epoch, presentation, seed }));
      this.now += this.rule.total_steps;
      if (spikes.reduce((a, b) => a + b) >= ENOUGH_SPIKES) break;
    }
    return spikes;
  }

  /** Scale the weights of neurons that learned to their sum, none above the largest. */
  #normalise() {
    const { weights, nPixels, changed, rule } = this;
    for (let j = 0; j < this.n; j++) {
      if (!changed[j]) continue;
      const row = weights.subarray(j * nPixels, (j + 1) * nPixels), held = row.reduce((a, b) => a + b, 0);
      const factor = held > 0 ? rule.weight_sum / held : 1;
      changed[j] = 0;
      for (let i = 0; i < nPixels; i++) {
        const w = row[i] * factor;
        if (w > rule.w_max) changed[j] = 1; // the sum is not reached: to be tried again
        row[i] = Math.min(w, rule.w_max);
      }
    }
  }

  #present(trains) {
    const { settings, rule, layer, theta, n, now } = this, nSteps = settings.n_steps + settings.max_delay;
    const shown = { arriving: deliver(trains, this.weights, this.description, nSteps), times: [], nSteps };
    for (const { pixel, times } of trains) shown.times[pixel] = times;
    const since = new Float64Array(n).fill(-Infinity), spikes = new Int32Array(n);
    layer.theta.set(theta);
    for (let j = 0; j < n; j++) {
      if (now - layer.last[j] < this.post1.length) this.#learn(j, shown, since, -1, NO_SPIKE);
    }
    let left = 1;
    for (let t = 0; t < rule.total_steps; t++) {
      if (t >= nSteps && t % 8 === 0 && layer.isQuiet(now + t)) {
        layer.rest(now + t, rule.total_steps - t);
        break;
      }
      left *= rule.theta_decay;
      const share = fround(left);
      const fired = layer.step(t < nSteps ? shown.arriving.subarray(t * n, (t + 1) * n) : null, share, now + t);
      for (const j of fired.excitatory) this.#learn(j, shown, since, t, after(this.post2, now + t - layer.last[j]));
      layer.spread(fired, now + t);
      for (const j of fired.excitatory) {
        layer.theta[j] = theta[j] += rule.theta_plus / share;
        if (t < settings.n_steps) spikes[j] += 1;
      }
    }
    since.forEach((step, j) => step > -Infinity && this.#learn(j, shown, since, rule.total_steps, NO_SPIKE));
    for (const { pixel, times } of trains) this.lastInputs[pixel] = now + times.at(-1);
    for (let j = 0; j < n; j++) theta[j] *= rule.theta_decay ** rule.total_steps;
    return spikes;
  }

  /**
   * Bring the weights of neuron j up to step t, and sum its input after it anew.
   *
   * Arrivals since the last time depress by post1. A spike at t (`post2` is its trace before it)
   * potentiates by the trace of each input's last arrival.
   */
  #learn(j, { arriving, times, nSteps }, since, t, post2) {
    const { rule, n, now } = this, from = Math.max(since[j], -1);
    const lastSpike = this.layer.last[j] - now, origin = post2 === NO_SPIKE ? lastSpike : t;
    const depress = (w, steps) => Math.max(fround(w - rule.nu_pre * after(this.post1, steps)), 0);
    for (let step = t + 1; step < nSteps; step++) arriving[step * n + j] = 0;
    for (let i = 0; i < this.nPixels; i++) {
      const place = j * this.nPixels + i, delay = this.delays[place], own = times[i] ?? [];
      let w = this.weights[place], last = this.lastInputs[i] - now + delay, k = 0;
      for (; k < own.length && own[k] + delay <= t; k++) {
        last = own[k] + delay;
        if (last > from) w = depress(w, last - lastSpike);
      }
      if (post2 > 0) {
        w = Math.min(fround(fround(rule.nu_post * after(this.pre, t - last)) * post2 + w), rule.w_max);
      }
      this.weights[place] = w;
      for (; k < own.length; k++) {
        arriving[(own[k] + delay) * n + j] += w;
        w = depress(w, own[k] + delay - origin);
      }
    }
    since[j] = t;
    this.changed[j] = 1;
  }
}
