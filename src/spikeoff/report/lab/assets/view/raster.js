// Spikes over time, and activations of networks without spikes.
import { colour, prepare } from "./page.js";

/** Neurons in the order of the class that they stand for: {order, place, bands}. */
export function sorted(prefers) {
  const order = [...prefers.keys()].sort((a, b) => prefers[a] - prefers[b] || a - b);
  const place = new Int32Array(order.length);
  order.forEach((neuron, k) => (place[neuron] = k));
  const bands = [];
  order.forEach((neuron, k) => {
    if (!k || prefers[neuron] !== prefers[order[k - 1]]) bands.push({ label: prefers[neuron], start: k });
  });
  return { order, place, bands };
}

/** Draw a raster up to a step; what is still to come is pale. Returns the room left of it. */
export function drawRaster(canvas, trace, layer, sorting, step, { stop = null, chosen = null, classes = null } = {}) {
  const { context, width, height } = prepare(canvas), n = sorting.order.length;
  const gutter = classes ? 18 : 0, across = (width - gutter) / trace.nSteps, down = height / n;
  const ink = colour("ink"), soft = colour("line");
  if (classes) drawBands(context, sorting, classes, height, width);
  if (chosen !== null) {
    context.fillStyle = colour("blue");
    context.globalAlpha = 0.3;
    context.fillRect(gutter, sorting.place[chosen] * down - 2, width, Math.max(down, 1) + 4);
    context.globalAlpha = 1;
  }
  const w = Math.max(1.6, across), h = Math.max(1.6, down);
  layer.spikes.forEach((fired, t) => {
    context.fillStyle = t < step ? ink : soft;
    for (const neuron of fired) context.fillRect(gutter + t * across, sorting.place[neuron] * down, w, h);
  });
  if (stop !== null && stop < trace.nSteps) drawLine(context, gutter + stop * across, height, colour("vermilion"), [4, 3]);
  if (step < trace.nSteps) drawLine(context, gutter + step * across, height, ink, []);
  return gutter;
}

function drawBands(context, { bands, order }, classes, height, width) {
  context.font = "11px system-ui, sans-serif";
  let free = 0;
  for (const { label, start } of bands) {
    const y = (start / order.length) * height;
    context.fillStyle = colour("line");
    context.fillRect(0, y, width, 0.5);
    if (label >= 0 && y >= free) {
      context.fillStyle = colour("soft");
      context.fillText(classes[label], 3, y + 11);
      free = y + 11;
    }
  }
}

function drawLine(context, x, height, style, dashes) {
  context.strokeStyle = style;
  context.lineWidth = 1.5;
  context.setLineDash(dashes);
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.stroke();
  context.setLineDash([]);
}

/** Activations of neurons as bars side by side. */
export function drawActivations(canvas, values, sorting, { chosen = null } = {}) {
  const { context, width, height } = prepare(canvas), highest = values.reduce((a, b) => Math.max(a, b), 1e-9);
  const across = width / values.length;
  sorting.order.forEach((neuron, k) => {
    const tall = (Math.max(0, values[neuron]) / highest) * (height - 4);
    context.fillStyle = colour(neuron === chosen ? "vermilion" : "ink");
    if (neuron === chosen) context.fillRect(k * across, 0, Math.max(1, across), 3);
    context.fillRect(k * across, height - tall, Math.max(1, across), tall);
  });
}
