// Confidence, operations and energy of an answer on its way.
import { argmax } from "../engine/arithmetic.js";

/** Probabilities of the classes: the softmax of scores, or the share of votes. */
export function confidence(scores, unit) {
  if (!unit.endsWith("vote") || unit.startsWith("learned")) {
    const highest = scores.reduce((a, b) => Math.max(a, b));
    const raised = Array.from(scores, (score) => Math.exp(score - highest));
    const total = raised.reduce((a, b) => a + b);
    return raised.map((value) => value / total);
  }
  const total = scores.reduce((a, b) => a + b);
  return Array.from(scores, (score) => (total ? score / total : 0));
}

/** The answer after a step: {label, confidence, probabilities}; null before anything happened. */
export function answerAt(trace, step, unit) {
  if (!step) return null;
  const scores = trace.scores[step - 1];
  if (scores.every((score) => score === scores[0])) return null;
  const label = argmax(scores), probabilities = confidence(scores, unit);
  return { label, confidence: probabilities[label], probabilities };
}

/** Weights met up to a step. */
export function operationsAt(trace, step) {
  return trace.counts.operations.reduce((total, row) => total + row[step], 0);
}

/** The energy up to a step by linear prices (report.lab.prices); null without prices. */
export function energyAt(trace, step, prices) {
  if (!prices) return null;
  const { counts } = trace, earlier = trace.nSteps * ((trace.presentations ?? 1) - 1);
  let total = prices.constant + prices.step * (earlier + step);
  prices.operations.forEach((price, layer) => {
    total += price * counts.operations[layer][step];
    total += prices.events_in[layer] * counts.eventsIn[layer][step];
    total += prices.events_out[layer] * counts.eventsOut[layer][step];
  });
  return total;
}
