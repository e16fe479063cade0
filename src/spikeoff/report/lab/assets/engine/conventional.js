// mlp and cnn: conventional networks, which answer in one step.
import { column, fanOut, transposed } from "./arithmetic.js";
import { Counts, met } from "./trace.js";

/** sum over inputs of w x + bias, for weights [inputs, n]; inputs of 0 are skipped. */
function dense(x, weights, n, bias) {
  const out = new Float64Array(n);
  if (bias) for (let h = 0; h < n; h++) out[h] = bias[h];
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value) for (let h = 0, row = i * n; h < n; h++) out[h] += value * weights[row + h];
  }
  return out;
}

const relu = (sums) => sums.map((sum) => Math.max(0, sum));
const nonzero = (values) => [...values.keys()].filter((k) => values[k] !== 0);

function oneStep(scores, pixels, hidden, counts) {
  const active = nonzero(pixels);
  return {
    nSteps: 1, dt: 1, scores: [Float32Array.from(scores)], inputs: [active],
    layers: [{ values: Float32Array.from(hidden) }], counts: counts.accumulate(),
  };
}

export class Perceptron {
  constructor(description) {
    this.description = description;
    this.layers = description.settings.layers.map(({ name, n, scale }) => {
      const weights = transposed(description.arrays[`${name}.weight`], n);
      const bias = description.arrays[`${name}.bias`];
      return { n, scale, weights, bias, fan: fanOut(weights, weights.length / n) };
    });
  }

  answer(pixels) {
    const counts = new Counts(this.layers.length, 1);
    let x = Float64Array.from(pixels, (value) => value / 255), first = null;
    this.layers.forEach((layer, number) => {
      const sources = nonzero(x);
      const sums = dense(x.map((value) => value * layer.scale), layer.weights, layer.n, layer.bias);
      const last = number === this.layers.length - 1;
      x = last ? sums : relu(sums);
      first ??= x;
      counts.add(number, 0, sources.length, met(sources, layer.fan), last ? 0 : nonzero(x).length);
    });
    return oneStep(x, pixels, first, counts);
  }

  /** The weights of the pixels to a hidden neuron. */
  field(neuron) {
    return this.layers.length === 2 ? column(this.layers[0].weights, this.layers[0].n, neuron) : null;
  }
}

const KERNEL = 3;

export class Convolutional {
  constructor(description) {
    this.description = description;
    const { arrays, settings } = description;
    this.blocks = settings.pooled.map((pooled, k) => {
      const weights = arrays[`conv${k + 1}.weight`], norm = (part) => arrays[`norm${k + 1}.${part}`];
      const channels = norm("weight").length, inputs = weights.length / channels / KERNEL ** 2;
      const scale = Float64Array.from({ length: channels }, (_, c) => norm("weight")[c] / Math.sqrt(norm("running_var")[c] + settings.epsilon));
      const shift = scale.map((factor, c) => norm("bias")[c] - norm("running_mean")[c] * factor);
      return { channels, inputs, scale, shift, pooled, weights: transposed(weights, channels) };
    });
    this.hidden = { n: settings.n_hidden, weights: transposed(arrays["hidden.weight"], settings.n_hidden) };
    this.output = { n: description.classes, weights: transposed(arrays["output.weight"], description.classes) };
    for (const layer of [this.hidden, this.output]) layer.fan = fanOut(layer.weights, layer.weights.length / layer.n);
  }

  answer(pixels) {
    const { arrays, settings, shape } = this.description;
    const last = this.blocks.length, counts = new Counts(last + 2, 1);
    let maps = { height: shape[0], width: shape[1], channels: 1, values: Float64Array.from(pixels, (value) => value / 255) };
    this.blocks.forEach((block, number) => {
      const events = nonzero(maps.values).length;
      const { convolved, operations } = convolve(maps, block, settings.padding);
      maps = activate(convolved, block, block.pooled ? 2 : 1);
      counts.add(number, 0, events, operations, nonzero(maps.values).length);
    });
    const flat = channelsFirst(maps), sources = nonzero(flat);
    const hidden = relu(dense(flat, this.hidden.weights, this.hidden.n, arrays["hidden.bias"]));
    const fired = nonzero(hidden);
    counts.add(last, 0, sources.length, met(sources, this.hidden.fan), fired.length);
    counts.add(last + 1, 0, fired.length, met(fired, this.output.fan));
    return oneStep(dense(hidden, this.output.weights, this.output.n, arrays["output.bias"]), pixels, hidden, counts);
  }
}

/** Maps [height, width, channels] under 3 x 3 kernels [inputs, 3, 3, channels]. */
function convolve(maps, block, padding) {
  const height = maps.height + 2 * padding - KERNEL + 1, width = maps.width + 2 * padding - KERNEL + 1;
  const { channels, weights } = block, values = new Float64Array(height * width * channels);
  let operations = 0;
  for (let place = 0; place < maps.values.length; place++) {
    const value = maps.values[place];
    if (!value) continue;
    const channel = place % maps.channels, spot = (place - channel) / maps.channels;
    const row = Math.floor(spot / maps.width) + padding, column = (spot % maps.width) + padding;
    for (let i = Math.max(0, row - height + 1); i < KERNEL && i <= row; i++) {
      for (let j = Math.max(0, column - width + 1); j < KERNEL && j <= column; j++) {
        const source = ((channel * KERNEL + i) * KERNEL + j) * channels;
        const target = ((row - i) * width + column - j) * channels;
        for (let c = 0; c < channels; c++) values[target + c] += value * weights[source + c];
        operations += channels;
      }
    }
  }
  return { convolved: { height, width, channels, values }, operations };
}

/** Normalise, take the largest of every side x side places, cut below 0. */
function activate(maps, { scale, shift, channels }, side) {
  const height = Math.floor(maps.height / side), width = Math.floor(maps.width / side);
  const values = new Float64Array(height * width * channels);
  for (let i = 0; i < side * height; i++) {
    for (let j = 0; j < side * width; j++) {
      const source = (i * maps.width + j) * channels;
      const target = (Math.floor(i / side) * width + Math.floor(j / side)) * channels;
      for (let c = 0; c < channels; c++) {
        const value = maps.values[source + c] * scale[c] + shift[c];
        if (value > values[target + c]) values[target + c] = value;
      }
    }
  }
  return { height, width, channels, values };
}

function channelsFirst({ height, width, channels, values }) {
  const out = new Float64Array(values.length);
  for (let place = 0; place < height * width; place++) {
    for (let c = 0; c < channels; c++) out[c * height * width + place] = values[place * channels + c];
  }
  return out;
}
