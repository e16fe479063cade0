// izhikevich-gradient and izhikevich-sparse: layers of Izhikevich neurons, trained by gradient.
import { addRow, column, fanOut, fround, subtractRow, sumRows } from "./arithmetic.js";
import { inputSpikes } from "./coding.js";
import { IzhikevichLayer } from "./izhikevich.js";
import { Counts, met } from "./trace.js";

export class SpikingNetwork {
  constructor(description) {
    this.description = description;
    const { arrays, settings } = description;
    const scaled = (array, gain) => (gain === 1 ? array : array.map((w) => fround(w * gain)));
    this.hidden = settings.hidden.map((n, layer) => {
      const name = layer ? `_${layer + 1}` : "";
      const matrix = scaled(arrays[`hidden${name}`], settings.current_gain);
      const rows = matrix.length / n;
      return { n, matrix, bias: scaled(arrays[`bias${name}`], settings.current_gain), fan: fanOut(matrix, rows) };
    });
    this.output = scaled(arrays.output, settings.output_gain);
    this.outputFan = fanOut(this.output, settings.hidden.at(-1));
  }

  answer(pixels, { id = 0, coding = null, share = 1 } = {}) {
    const { settings, classes } = this.description;
    const used = { ...settings.coding, ...(coding ? { name: coding } : {}) };
    const nSteps = Math.max(1, Math.round(settings.n_steps * share));
    const inputs = inputSpikes(pixels, used, nSteps, id);
    const counts = new Counts(this.hidden.length + (settings.linear ? 2 : 1), nSteps);
    let sent = inputs.active;
    const layers = this.hidden.map((layer, number) => {
      const arriving = number ? treeSums(sent, layer) : deltaSums(inputs, layer, nSteps);
      const neurons = new IzhikevichLayer(layer.n, settings.neurons[number], nSteps);
      const fired = this.#fire(arriving, layer.bias, settings.decays[number], neurons);
      sent.forEach((spikes, t) => counts.add(number, t, spikes.length, met(spikes, layer.fan), fired[t].length));
      sent = fired;
      return { spikes: fired, ...neurons.trace };
    });
    const outputs = treeSums(sent, { n: classes, matrix: this.output });
    sent.forEach((spikes, t) => counts.add(this.hidden.length, t, spikes.length, met(spikes, this.outputFan)));
    const scores = settings.linear ? this.#linear(outputs, counts) : this.#spikes(outputs, counts);
    return { nSteps, dt: settings.dt, scores, inputs: inputs.active, layers, counts: counts.accumulate() };
  }

  /** The weights of the pixels to a hidden neuron. */
  field(neuron) {
    return column(this.hidden[0].matrix, this.hidden[0].n, neuron);
  }

  #fire(arriving, bias, decay, neurons) {
    const current = new Float32Array(bias.length);
    return arriving.map((row, step) => {
      if (decay && step) {
        const before = arriving[step - 1];
        for (let h = 0; h < row.length; h++) row[h] = decay * before[h] + row[h];
      }
      for (let h = 0; h < row.length; h++) current[h] = row[h] + bias[h];
      return neurons.step(current, step);
    });
  }

  /** A weighted sum per step, times the weight of the step. */
  #linear(outputs, counts) {
    const weights = this.description.arrays.step_weights, total = new Float64Array(outputs[0].length);
    return outputs.map((sums, step) => {
      const values = sums.reduce((n, sum) => n + (sum !== 0), 0);
      counts.add(this.hidden.length + 1, step, values, weights[step] ? values : 0);
      sums.forEach((sum, k) => (total[k] += sum * weights[step]));
      return Float32Array.from(total, (score) => score * this.description.settings.logit_scale);
    });
  }

  /** Output neurons, whose spikes are counted. */
  #spikes(outputs, counts) {
    const { settings, classes } = this.description, total = new Float32Array(classes);
    const neurons = new IzhikevichLayer(classes, settings.neurons.at(-1), outputs.length);
    const decay = settings.decays.at(-1);
    return this.#fire(outputs, new Float32Array(classes), decay, neurons).map((fired, step) => {
      for (const k of fired) total[k] += 1;
      counts.eventsOut.at(-1)[step + 1] += fired.length;
      return total.map((score) => fround(score * settings.logit_scale));
    });
  }
}

/** Per step, the weights of the pixels that fire: a sum over the usual ones, then the differences. */
function deltaSums(inputs, layer, nSteps) {
  const base = new Float32Array(layer.n);
  for (const pixel of inputs.baseline) addRow(base, layer.matrix, pixel * layer.n);
  return Array.from({ length: nSteps }, (_, step) => {
    const sums = base.slice();
    for (const pixel of inputs.fired[step]) addRow(sums, layer.matrix, pixel * layer.n);
    for (const pixel of inputs.silent[step]) subtractRow(sums, layer.matrix, pixel * layer.n);
    return sums;
  });
}

function treeSums(sent, layer) {
  return sent.map((spikes) => {
    const sums = new Float32Array(layer.n);
    sumRows(layer.matrix, layer.n, 0, spikes, 0, spikes.length, sums);
    return sums;
  });
}
