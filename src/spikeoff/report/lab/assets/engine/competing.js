// diehl-cook: excitatory neurons that compete through inhibitory ones (conductance-based LIF).
import { fanOut, fround, transposed } from "./arithmetic.js";
import { poissonTrains } from "./coding.js";
import { Counts, met } from "./trace.js";

const ENOUGH_SPIKES = 5; // with fewer, the image is shown again, brighter
const MAX_PRESENTATIONS = 25;

export class CompetingNetwork {
  constructor(description) {
    this.description = description;
    const { arrays, settings } = description;
    this.n = arrays.theta_0.length;
    this.nInhibitory = arrays.to_inhibitory_0.length / this.n;
    this.nPixels = arrays.weights_0.length / this.n;
    this.theta = Float32Array.from(arrays.theta_0);
    this.inhibition = arrays.to_excitatory_0.map((w) => fround(w * settings.response_inhibition));
    this.targets = Array.from({ length: this.n }, (_, j) => {
      const row = arrays.to_inhibitory_0.subarray(j * this.nInhibitory, (j + 1) * this.nInhibitory);
      return [...row.keys()].filter((i) => row[i]).map((i) => [i, row[i]]);
    });
    this.inputFan = fanOut(transposed(arrays.weights_0, this.n), this.nPixels);
    this.inhibitoryFan = fanOut(this.inhibition, this.nInhibitory);
  }

  answer(pixels, { id = 0 } = {}) {
    const { settings } = this.description;
    let shown = null;
    const counts = new Counts(3, settings.n_steps);
    for (let number = 0; number < MAX_PRESENTATIONS; number++) {
      const intensity = settings.intensity + number;
      const trains = poissonTrains(pixels, settings.n_steps, intensity, settings.dt, id, number, settings.seed);
      shown = { ...this.#present(trains, counts), presentations: number + 1, counts };
      if (shown.total >= ENOUGH_SPIKES) break;
      counts.restart();
    }
    counts.accumulate();
    return shown;
  }

  /** The weights of the pixels to a hidden neuron. */
  field(neuron) {
    return this.description.arrays.weights_0.subarray(neuron * this.nPixels, (neuron + 1) * this.nPixels);
  }

  /** Conductance that the input opens at every step, [steps * n]. */
  #deliver(trains) {
    const { arrays, settings } = this.description, n = this.n;
    const out = new Float32Array((settings.n_steps + settings.max_delay) * n);
    for (const { pixel, times } of trains) {
      for (let j = 0; j < n; j++) {
        const place = j * this.nPixels + pixel;
        const w = fround(settings.gain * arrays.weights_0[place]);
        const shift = arrays.delays_0[place];
        for (let k = 0; k < times.length; k++) out[(times[k] + shift) * n + j] += w;
      }
    }
    return out;
  }

  #present(trains, counts) {
    const { settings } = this.description, n = this.n, nSteps = settings.n_steps;
    const arriving = this.#deliver(trains);
    const inputs = Array.from({ length: nSteps }, () => []);
    for (const { pixel, times } of trains) for (const t of times) inputs[t].push(pixel);
    const c = settings.excitatory, neurons = new Excitatory(n, c, settings, this.theta, nSteps);
    const inhibitory = new Inhibitory(this.nInhibitory, settings);
    const responses = new Int32Array(n), spikes = [], scores = [];
    let total = 0;
    for (let t = 0; t < nSteps; t++) {
      const fired = neurons.step(arriving, t);
      const answered = inhibitory.step(t);
      let woken = 0;
      for (const j of fired) {
        for (const [i, strength] of this.targets[j]) inhibitory.excite(i, strength, t);
        woken += this.targets[j].length;
        neurons.reset(j, t);
        responses[j] += 1;
      }
      let inhibited = 0;
      for (const i of answered) {
        for (let j = 0; j < n; j++) neurons.gi[j] += this.inhibition[i * n + j];
        inhibited += this.inhibitoryFan[i];
        inhibitory.reset(i, t);
      }
      total += fired.length;
      counts.add(0, t, inputs[t].length, met(inputs[t], this.inputFan), fired.length);
      counts.add(1, t, fired.length, woken, answered.length);
      counts.add(2, t, answered.length, inhibited);
      spikes.push(fired);
      scores.push(fired.length || !t ? this.#vote(responses) : scores[t - 1]);
    }
    const layers = [{ spikes, ...neurons.trace }];
    return { nSteps, dt: settings.dt, scores, inputs, layers, total };
  }

  #vote(responses) {
    const { arrays, settings, classes } = this.description;
    return Float32Array.from({ length: classes }, (_, k) => {
      let score = settings.learned_vote ? arrays.intercepts[k] : 0;
      for (let j = 0; j < this.n; j++) {
        if (responses[j]) score += (settings.learned_vote ? Math.sqrt(responses[j]) : responses[j]) * arrays.votes[k * this.n + j];
      }
      return score;
    });
  }
}

class Excitatory {
  constructor(n, c, settings, theta, nSteps) {
    Object.assign(this, { n, c, base: settings.base, hold: settings.hold, theta });
    this.v = new Float32Array(n).fill(c.v_rest);
    this.ge = new Float32Array(n);
    this.gi = new Float32Array(n);
    this.last = new Float64Array(n).fill(-Infinity);
    const row = () => new Float32Array(nSteps * n);
    this.trace = { v: row(), ge: row(), gi: row(), theta, base: settings.base };
  }

  /** One step; returns the neurons above their threshold, whose reset is yet to come. */
  step(arriving, t) {
    const { n, c, v, ge, gi, theta, base, hold, last, trace } = this, fired = [], row = t * n;
    for (let j = 0; j < n; j++) {
      v[j] = relax(v[j], ge[j], gi[j], c);
      ge[j] = fround(Math.max(fround(ge[j] * c.decay_ge - c.floor), 0) + arriving[row + j]);
      gi[j] = Math.max(fround(gi[j] * c.decay_gi - c.floor), 0);
      trace.v[row + j] = v[j];
      trace.ge[row + j] = ge[j];
      trace.gi[row + j] = gi[j];
      if (t - last[j] < hold) v[j] = c.v_reset;
      else if (v[j] > fround(base + theta[j])) fired.push(j);
    }
    return fired;
  }

  reset(j, t) {
    this.v[j] = this.c.v_reset;
    this.last[j] = t;
  }
}

/** Inhibitory neurons; only those with a conductance are updated. */
class Inhibitory {
  constructor(n, settings) {
    Object.assign(this, { c: settings.inhibitory, base: settings.base_i, hold: settings.hold_i, quiet: settings.quiet });
    this.v = new Float32Array(n).fill(this.c.v_rest);
    this.ge = new Float32Array(n);
    this.last = new Float64Array(n).fill(-Infinity);
    this.asleep = new Float64Array(n);
    this.awake = [];
  }

  excite(i, strength, t) {
    if (!this.awake.includes(i)) {
      const { c, v } = this;
      this.awake.push(i);
      v[i] = c.v_rest + (v[i] - c.v_rest) * Math.exp((this.asleep[i] - t) * c.rate);
    }
    this.ge[i] += strength;
  }

  step(t) {
    const { c, v, ge } = this, fired = [];
    this.awake = this.awake.filter((i) => {
      const free = t - this.last[i] >= this.hold;
      if (free) v[i] = relax(v[i], ge[i], 0, c);
      ge[i] = ge[i] * c.decay_ge;
      if (free && v[i] > this.base) fired.push(i);
      else if (free && ge[i] < this.quiet) {
        ge[i] = 0;
        this.asleep[i] = t;
        return false;
      }
      return true;
    });
    return fired;
  }

  reset(i, t) {
    this.v[i] = this.c.v_reset;
    this.last[i] = t;
  }
}

/** (1 - exp(-x)) / x, by a series and doublings (spikeoff.neurons.conductance_lif.relaxation). */
function relaxation(x, c) {
  const y = fround(x * c.fraction), series = c.series;
  let p = series[0];
  for (let k = 1; k < series.length; k++) p = fround(p * y + series[k]);
  let r = fround(p / fround(y * p + 1));
  for (const half of c.doublings) r = fround(r * fround(1 - fround(half * x) * r));
  return r;
}

/** v (mV) one step later, under these conductances. */
function relax(v, ge, gi, c) {
  let pull = fround(c.v_rest - v);
  pull = fround(ge * fround(c.e_exc - v) + pull);
  pull = fround(gi * fround(c.e_inh - v) + pull);
  const x = fround(fround(fround(1 + ge) + gi) * c.rate);
  return fround(fround(c.rate * pull) * relaxation(x, c) + v);
}
