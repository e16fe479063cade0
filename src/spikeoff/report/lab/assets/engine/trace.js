// What a network did with one image: the common form that every network returns.

/** Counts by layer of synapses, step by step: events in, weights met, events out. */
export class Counts {
  constructor(nLayers, nSteps) {
    const table = () => Array.from({ length: nLayers }, () => new Float64Array(nSteps + 1));
    Object.assign(this, { eventsIn: table(), operations: table(), eventsOut: table() });
  }

  /** Note what happened at a step (from 0) in a layer of synapses. */
  add(layer, step, eventsIn, operations, eventsOut = 0) {
    this.eventsIn[layer][step + 1] += eventsIn;
    this.operations[layer][step + 1] += operations;
    this.eventsOut[layer][step + 1] += eventsOut;
  }

  /** Move all counts before the first step: of presentations that are repeated. */
  restart() {
    for (const table of [this.eventsIn, this.operations, this.eventsOut]) {
      for (const row of table) {
        const total = row.reduce((a, b) => a + b);
        row.fill(0)[0] = total;
      }
    }
  }

  /** Turn counts per step into counts up to each step; place 0 is before the first step. */
  accumulate() {
    for (const table of [this.eventsIn, this.operations, this.eventsOut]) {
      for (const row of table) for (let t = 1; t < row.length; t++) row[t] += row[t - 1];
    }
    return this;
  }
}

/** The sum of the fan-outs of those that fire. */
export function met(fired, fan) {
  let total = 0;
  for (const source of fired) total += fan[source];
  return total;
}

/** The highest score at a step less the second highest. */
export function margin(scores) {
  let first = -Infinity, second = -Infinity;
  for (const score of scores) {
    if (score > first) [first, second] = [score, first];
    else if (score > second) second = score;
  }
  return first - second;
}

/** The first step (from 1) at which the margin reaches the threshold; the last if none does. */
export function stopStep(trace, threshold, every) {
  if (threshold === null || threshold === undefined) return trace.nSteps;
  for (let step = every; step < trace.nSteps; step += every) {
    if (margin(trace.scores[step - 1]) >= threshold) return step;
  }
  return trace.nSteps;
}
