// The race of the scores, a neuron's state over time, its receptive field, and the input.
import { argmax } from "../engine/arithmetic.js";
import { colour, prepare } from "./page.js";

/** A scale from values to pixels, upside down. */
function scale(values, height, margin = 6) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const span = high - low || 1;
  return (value) => height - margin - ((value - low) / span) * (height - 2 * margin);
}

function line(context, points, style, width) {
  context.strokeStyle = style;
  context.lineWidth = width;
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

/** Scores of all classes up to a step, the leading one bold; each line ends with its class. */
export function drawRace(canvas, trace, step, classes) {
  const { context, width, height } = prepare(canvas);
  if (trace.nSteps === 1) return drawScores(context, width, height, trace.scores[0], classes);
  if (!step) return undefined;
  const gutter = 26, across = (width - gutter) / trace.nSteps;
  const y = scale(trace.scores.flatMap((scores) => [...scores]).concat(0), height);
  const last = trace.scores[step - 1], leader = argmax(last);
  const labels = [...classes.keys()].sort((a, b) => last[b] - last[a]);
  context.font = "12px system-ui, sans-serif";
  for (const k of [...labels].reverse()) {
    const points = [[0, y(0)], ...trace.scores.slice(0, step).map((scores, t) => [(t + 1) * across, y(scores[k])])];
    line(context, points, colour(k === leader ? "blue" : "soft"), k === leader ? 3 : 1);
  }
  let free = -Infinity;
  for (const k of labels) {
    const at = Math.max(y(last[k]) + 4, free);
    if (at > height + 4) break;
    context.fillStyle = colour(k === leader ? "ink" : "soft");
    context.font = `${k === leader ? "bold 15px" : "11px"} system-ui, sans-serif`;
    context.fillText(classes[k], step * across + 5, Math.min(at, height - 2));
    free = at + 11;
  }
  return undefined;
}

function drawScores(context, width, height, scores, classes) {
  const low = Math.min(0, ...scores), high = Math.max(...scores, 1e-9), row = height / classes.length;
  const x = (value) => 22 + ((value - low) / (high - low)) * (width - 30);
  const leader = argmax(scores);
  scores.forEach((score, k) => {
    context.font = `${k === leader ? "bold 13px" : "12px"} system-ui, sans-serif`;
    context.fillStyle = colour("ink");
    context.fillText(classes[k], 6, k * row + row / 2 + 4);
    context.fillStyle = colour(k === leader ? "blue" : "soft");
    const [from, to] = [x(0), x(score)].sort((a, b) => a - b);
    context.fillRect(from, k * row + 3, Math.max(1, to - from), Math.max(1, row - 6));
  });
}

/** Variables of one neuron over time, one below the other, and its spikes. */
export function drawNeuron(canvas, trace, layer, neuron, step) {
  const { context, width, height } = prepare(canvas), gutter = 58;
  const rows = "u" in layer ? [["v", "v (mV)"], ["u", "u (mV/ms)"]] : [["v", "v (mV)"], ["ge", "g exc."], ["gi", "g inh."]];
  const n = layer.v.length / trace.nSteps, tall = (height - 16) / rows.length;
  const across = (width - gutter - 4) / trace.nSteps;
  context.font = "11px system-ui, sans-serif";
  rows.forEach(([name, title], row) => {
    const values = Array.from({ length: trace.nSteps }, (_, t) => layer[name][t * n + neuron]);
    if (name === "v" && layer.peak) values.forEach((v, t) => (values[t] = Math.min(v, layer.peak)));
    const y = scale(values, tall), points = values.slice(0, Math.max(step, 1)).map((v, t) => [gutter + (t + 0.5) * across, row * tall + y(v)]);
    context.fillStyle = colour("soft");
    context.fillText(title, 4, row * tall + 14);
    const ends = [Math.max(...values), Math.min(...values)];
    context.textAlign = "right";
    if (tall > 44) ends.forEach((value, k) => context.fillText(Number(value.toPrecision(3)), gutter - 6, row * tall + (k ? tall - 5 : 27)));
    context.textAlign = "left";
    if (step) line(context, points, colour(row ? "soft" : "blue"), 1.8);
    context.fillStyle = colour("line");
    context.fillRect(0, (row + 1) * tall, width, 1);
  });
  context.fillStyle = colour("soft");
  context.fillText("spikes", 4, height - 4);
  context.fillStyle = colour("ink");
  layer.spikes.slice(0, step).forEach((fired, t) => {
    if (fired.includes(neuron)) context.fillRect(gutter + t * across, height - 13, Math.max(2, across * 0.6), 11);
  });
}

/** Numbers [height, width] as grey values on a small canvas that the page scales up. */
function paint(canvas, height, width, grey) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  for (let k = 0; k < height * width; k++) image.data.set([...grey(k), 255], 4 * k);
  context.putImageData(image, 0, 0);
}

/** An image, dark on light. */
export function drawImage(canvas, pixels, [height, width]) {
  paint(canvas, height, width, (k) => [255 - pixels[k], 255 - pixels[k], 255 - pixels[k]]);
}

/** The largest number in size. */
export const largest = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-12);

/** Weights of a neuron: white for `most`, black for what is so much below 0, grey for 0. */
export function drawField(canvas, weights, [height, width], most = largest(weights)) {
  const negative = weights.some((weight) => weight < 0);
  paint(canvas, height, width, (k) => {
    const value = negative ? 127.5 + (127.5 * weights[k]) / most : (255 * weights[k]) / most;
    return [value, value, value];
  });
}

/** How weights changed: blue for more, orange for less, white for no change. */
export function drawChange(canvas, changes, [height, width]) {
  const most = largest(changes);
  paint(canvas, height, width, (k) => {
    const share = Math.abs(changes[k]) / most, full = changes[k] > 0 ? [0, 114, 178] : [213, 94, 0];
    return full.map((value) => 255 + share * (value - 255));
  });
}

/** The image, and in strong colour the pixels that fire at this step. */
export function drawInput(canvas, pixels, fired, [height, width]) {
  const now = new Set(fired);
  paint(canvas, height, width, (k) => {
    if (now.has(k)) return [0, 0, 0];
    const value = 255 - 0.3 * pixels[k];
    return [value, value, value];
  });
}
