// diehl-cook: excitatory neurons that compete through inhibitory ones (conductance-based LIF).
import { fanOut, fround, transposed } from "./arithmetic.js";
import { poissonTrains } from "./coding.js";
import { CompetingLayer } from "./competing_layer.js";
import { Counts, met } from "./trace.js";
import { deliver, ENOUGH_SPIKES, MAX_PRESENTATIONS, TripletLearner } from "./triplet_stdp.js";


export class CompetingNetwork {
  constructor(description) {
    this.description = description;
    const { arrays, settings } = description;
    this.weights = arrays.weights_0.slice(); // a copy, because the network can learn
    this.n = arrays.theta_0.length;
    this.nInhibitory = arrays.to_inhibitory_0.length / this.n;
    this.nPixels = arrays.weights_0.length / this.n;
    this.theta = Float32Array.from(arrays.theta_0);
    this.inhibition = arrays.to_excitatory_0.map((w) => fround(w * settings.response_inhibition));
    this.targets = Array.from({ length: this.n }, (_, j) => {
      const row = arrays.to_inhibitory_0.subarray(j * this.nInhibitory, (j + 1) * this.nInhibitory);
      return [...row.keys()].filter((i) => row[i]).map((i) => [i, row[i]]);
    });
    this.inputFan = fanOut(transposed(this.weights, this.n), this.nPixels);
    this.inhibitoryFan = fanOut(this.inhibition, this.nInhibitory);
    this.learner = new TripletLearner(description, this.targets);
  }

  answer(pixels, { id = 0 } = {}) {
    const { settings } = this.description;
    let shown = null;
    const counts = new Counts(3, settings.n_steps);
    for (let number = 0; number < MAX_PRESENTATIONS; number++) {
      const intensity = settings.intensity + number;
      const trains = poissonTrains(pixels, settings.n_steps, intensity, settings.dt, { id, presentation: number, seed: settings.seed });
      shown = { ...this.#present(trains, counts), presentations: number + 1, counts };
      if (shown.total >= ENOUGH_SPIKES) break;
      counts.restart();
    }
    counts.accumulate();
    return shown;
  }

  /** Learn from an image, by the input spikes of this epoch (from 1); returns spikes of who learned, [n]. */
  learn(pixels, { id = 0, epoch = 1 } = {}) {
    const responses = this.learner.learn(pixels, { id, epoch });
    this.#take(this.learner);
    return responses;
  }

  /** Forget what was learned on the page. */
  reset() {
    this.learner = new TripletLearner(this.description, this.targets);
    this.#take(this.learner);
  }

  #take({ weights, theta }) {
    this.weights.set(weights);
    this.theta.set(theta);
    this.inputFan = fanOut(transposed(weights, this.n), this.nPixels);
  }

  /** The weights of the pixels to a hidden neuron. */
  field(neuron) {
    return this.#row(this.weights, neuron);
  }

  /** Those weights before anything was learned on the page. */
  trainedField(neuron) {
    return this.#row(this.description.arrays.weights_0, neuron);
  }

  #row(weights, neuron) {
    return weights.subarray(neuron * this.nPixels, (neuron + 1) * this.nPixels);
  }

  #present(trains, counts) {
    const { settings } = this.description, { n, weights } = this, nSteps = settings.n_steps;
    const arriving = deliver(trains, weights, this.description, nSteps + settings.max_delay);
    const inputs = Array.from({ length: nSteps }, () => []);
    for (const { pixel, times } of trains) for (const t of times) inputs[t].push(pixel);
    const layer = new CompetingLayer(settings, this.theta, this.targets, this.inhibition);
    const row = () => new Float32Array(nSteps * n);
    const trace = { v: row(), ge: row(), gi: row() };
    const responses = new Int32Array(n), spikes = [], scores = [];
    let total = 0;
    for (let t = 0; t < nSteps; t++) {
      const watch = (state) => {
        for (const name in trace) trace[name].set(state[name], t * n);
      };
      const fired = layer.step(arriving.subarray(t * n, (t + 1) * n), 1, t, watch);
      layer.spread(fired, t);
      this.#count(fired, inputs[t], t, counts);
      for (const j of fired.excitatory) responses[j] += 1;
      total += fired.excitatory.length;
      spikes.push(fired.excitatory);
      scores.push(fired.excitatory.length || !t ? this.#vote(responses) : scores[t - 1]);
    }
    return { nSteps, dt: settings.dt, scores, inputs, layers: [{ spikes, ...trace }], total };
  }

  #count({ excitatory, inhibitory }, input, t, counts) {
    const woken = excitatory.reduce((total, j) => total + this.targets[j].length, 0);
    counts.add(0, t, input.length, met(input, this.inputFan), excitatory.length);
    counts.add(1, t, excitatory.length, woken, inhibitory.length);
    counts.add(2, t, inhibitory.length, met(inhibitory, this.inhibitoryFan));
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
