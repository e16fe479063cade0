// izhikevich-stdp: columns of Izhikevich neurons with a shared inhibitory pool, and a taught read-out.
import { column, fanOut, fround, sumRows } from "./arithmetic.js";
import { inputSpikes } from "./coding.js";
import { IzhikevichLayer } from "./izhikevich.js";
import { learnColumns, teach } from "./pair_stdp.js";
import { Counts, met } from "./trace.js";

export class ColumnsNetwork {
  constructor(description) {
    this.description = description;
    const { arrays, settings } = description;
    // Copies, because the network can learn.
    this.hidden = arrays.hidden.slice();
    this.theta = arrays.theta.slice();
    this.output = arrays.output.slice();
    this.n = this.theta.length;
    this.width = this.n / settings.seen.length;
    this.#countFans();
  }

  #countFans() {
    this.hiddenFan = fanOut(this.hidden, this.hidden.length / this.n);
    this.outputFan = fanOut(this.output, this.n);
  }

  answer(pixels, { id = 0, coding = null, share = 1 } = {}) {
    const { settings } = this.description;
    const used = { ...settings.coding, ...(coding ? { name: coding } : {}) };
    const nSteps = Math.max(1, Math.round(settings.n_steps * share));
    const inputs = inputSpikes(pixels, used, nSteps, id).active, counts = new Counts(2, nSteps);
    const layer = this.#present(inputs, counts), { scores } = this.#readOut(layer.spikes, counts);
    return { nSteps, dt: settings.dt, scores, inputs, layers: [layer], counts: counts.accumulate() };
  }

  /** Learn from an image of this class, by the input spikes of this epoch (from 1); spikes of who learned, [n]. */
  learn(pixels, { id = 0, epoch = 1, label }) {
    const { settings } = this.description, nSteps = settings.n_steps, rule = settings.learning;
    const inputs = inputSpikes(pixels, settings.coding, nSteps, id, epoch).active;
    const counts = new Counts(2, nSteps), layer = this.#present(inputs, counts);
    const { shares } = this.#readOut(layer.spikes, counts), taught = new Int32Array(this.n);
    teach(this.output, layer.spikes, shares, label, rule.hebbian_lr);
    for (const h of learnColumns(this, inputs, layer, settings, rule)) {
      taught[h] = layer.spikes.filter((fired) => fired.includes(h)).length;
    }
    this.#countFans();
    return taught;
  }

  /** Forget what was learned on the page. */
  reset() {
    for (const name of ["hidden", "theta", "output"]) this[name].set(this.description.arrays[name]);
    this.#countFans();
  }

  /** What the hidden neurons do, step by step. */
  #present(inputs, counts) {
    const neurons = new IzhikevichLayer(this.n, this.description.settings.hidden, inputs.length);
    const current = new Float32Array(this.n);
    const spikes = inputs.map((active, step) => {
      this.#currents(active, current);
      const fired = neurons.step(current, step);
      counts.add(0, step, active.length, met(active, this.hiddenFan), fired.length);
      counts.add(1, step, fired.length, met(fired, this.outputFan));
      return fired;
    });
    return { spikes, ...neurons.trace };
  }

  /** The weights of the pixels to a hidden neuron. */
  field(neuron) {
    return column(this.hidden, this.n, neuron);
  }

  /** Those weights before anything was learned on the page. */
  trainedField(neuron) {
    return column(this.description.arrays.hidden, this.n, neuron);
  }

  /** gain (sum of weights - mean of the column) - theta, band by band. */
  #currents(active, current) {
    const { seen, size, share, gain } = this.description.settings, sums = new Float32Array(this.width);
    seen.forEach(([first, last], band) => {
      const offset = band * this.width;
      sumRows(this.hidden, this.n, offset, active, below(active, first), below(active, last), sums);
      for (let column = 0; column < this.width; column += size) {
        let total = 0;
        for (let k = column; k < column + size; k++) total = fround(total + sums[k]);
        const pool = fround(total * share);
        for (let k = column; k < column + size; k++) {
          current[offset + k] = gain * fround(sums[k] - pool) - this.theta[offset + k];
        }
      }
    });
  }

  /** Scores after each step: spikes of the output neurons plus half their share of activity. */
  #readOut(hidden, counts) {
    const { settings, classes } = this.description, nSteps = hidden.length;
    const neurons = new IzhikevichLayer(classes, settings.output, nSteps);
    const sums = new Float32Array(classes), synaptic = new Float32Array(classes);
    const current = new Float32Array(classes), received = new Float32Array(classes);
    const spikes = new Float64Array(classes);
    let shares = null;
    const scores = hidden.map((fired, step) => {
      sumRows(this.output, classes, 0, fired, 0, fired.length, sums);
      let pool = 0;
      for (let k = 0; k < classes; k++) {
        synaptic[k] = settings.output_decay * synaptic[k] + sums[k];
        received[k] += sums[k];
        pool = fround(pool + synaptic[k]);
      }
      pool = fround(pool * settings.output_share);
      for (let k = 0; k < classes; k++) {
        current[k] = settings.output_gain * fround(synaptic[k] - pool) + settings.output_bias;
      }
      for (const k of neurons.step(current, step)) {
        spikes[k] += 1;
        counts.eventsOut[1][step + 1] += 1;
      }
      shares = activityShares(received, settings.slope);
      return Float32Array.from(spikes, (n, k) => n + 0.5 * shares[k]);
    });
    return { scores, shares };
  }
}

/** How many of these ascending numbers are below a limit. */
function below(ascending, limit) {
  let n = 0;
  while (n < ascending.length && ascending[n] < limit) n++;
  return n;
}

/** Each output neuron's share of the layer's activity: softmax of slope times what it received. */
function activityShares(received, slope) {
  const highest = received.reduce((a, b) => Math.max(a, b)), shares = new Float32Array(received.length);
  let total = 0;
  received.forEach((sum, k) => {
    shares[k] = Math.exp(fround(slope * fround(sum - highest)));
    total = fround(total + shares[k]);
  });
  return shares.map((share) => share / total);
}
