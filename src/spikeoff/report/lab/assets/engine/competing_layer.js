// Excitatory neurons and the inhibitory ones that make them compete: conductance-based LIF, as in
// spikeoff.contenders.diehl_cook.kernels.competing_layer and spikeoff.neurons.conductance_lif.
import { fround } from "./arithmetic.js";

export class CompetingLayer {
  /**
   * Both populations at rest. `targets[j]` lists [inhibitory neuron, conductance] of excitatory
   * neuron j; `inhibition` [inhibitory * excitatory] is what an inhibitory spike opens.
   */
  constructor(settings, theta, targets, inhibition) {
    Object.assign(this, { settings, theta, targets, inhibition, c: settings.excitatory });
    const n = theta.length;
    this.v = new Float32Array(n).fill(this.c.v_rest);
    this.ge = new Float32Array(n);
    this.gi = new Float32Array(n);
    this.last = new Float64Array(n).fill(-Infinity);
    this.inhibitory = new Inhibitory(inhibition.length / n, settings);
  }

  /**
   * One step of all neurons; returns those above their threshold, whose spikes are yet to spread.
   *
   * `arriving` [n]: conductance that the input opens; `share`: what is left of theta; `now`: the
   * step; `seen`: called with v before neurons are held, where it is watched.
   */
  step(arriving, share, now, seen = null) {
    const { c, v, ge, gi, theta, last, settings } = this, excitatory = [];
    for (let j = 0; j < v.length; j++) {
      v[j] = relax(v[j], ge[j], gi[j], c);
      ge[j] = fround(Math.max(fround(ge[j] * c.decay_ge - c.floor), 0) + (arriving ? arriving[j] : 0));
      gi[j] = Math.max(fround(gi[j] * c.decay_gi - c.floor), 0);
    }
    seen?.(this);
    for (let j = 0; j < v.length; j++) {
      if (now - last[j] < settings.hold) v[j] = c.v_reset;
      else if (v[j] > fround(theta[j] * share + settings.base)) excitatory.push(j);
    }
    return { excitatory, inhibitory: this.inhibitory.step(now) };
  }

  /** What the spikes of a step do within the layer. */
  spread({ excitatory, inhibitory }, now) {
    const { gi, v, last, targets, inhibition } = this, n = v.length;
    for (const j of excitatory) {
      for (const [i, strength] of targets[j]) this.inhibitory.excite(i, strength, now);
      v[j] = this.c.v_reset;
      last[j] = now;
    }
    for (const i of inhibitory) {
      for (let j = 0; j < n; j++) gi[j] += inhibition[i * n + j];
      this.inhibitory.reset(i, now);
    }
  }

  /** Whether nothing but the decay of potentials is left to happen before step `now`. */
  isQuiet(now) {
    const { settings, last, ge, gi } = this, free = (spike) => now - 1 - spike >= settings.hold;
    const weak = (conductance) => conductance < settings.quiet;
    return last.every(free) && ge.every(weak) && gi.every(weak) && this.inhibitory.isQuiet(now);
  }

  /** Let potentials of the step before `now` decay for so many steps without input. */
  rest(now, steps) {
    const { v, c } = this, share = Math.exp(-steps * c.rate);
    for (let j = 0; j < v.length; j++) v[j] = c.v_rest + fround(v[j] - c.v_rest) * share;
    this.ge.fill(0);
    this.gi.fill(0);
    this.inhibitory.rest(now - 1);
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

  excite(i, strength, now) {
    if (!this.awake.includes(i)) {
      const { c, v } = this;
      this.awake.push(i);
      v[i] = c.v_rest + fround(v[i] - c.v_rest) * Math.exp((this.asleep[i] - now) * c.rate);
    }
    this.ge[i] += strength;
  }

  step(now) {
    const { c, v, ge } = this, fired = [];
    this.awake = this.awake.filter((i) => {
      const free = now - this.last[i] >= this.hold;
      if (free) v[i] = relax(v[i], ge[i], 0, c);
      ge[i] = ge[i] * c.decay_ge;
      if (free && v[i] > this.base) fired.push(i);
      else if (free && ge[i] < this.quiet) {
        ge[i] = 0;
        this.asleep[i] = now;
        return false;
      }
      return true;
    });
    return fired;
  }

  reset(i, now) {
    this.v[i] = this.c.v_reset;
    this.last[i] = now;
  }

  isQuiet(now) {
    return this.awake.every((i) => now - this.last[i] >= this.hold && this.ge[i] < this.quiet);
  }

  rest(now) {
    for (const i of this.awake) {
      this.ge[i] = 0;
      this.asleep[i] = now;
    }
    this.awake = [];
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
