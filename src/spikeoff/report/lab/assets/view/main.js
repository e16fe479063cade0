// The page: loads the networks, answers, and shows the answers at the chosen moment.
import { noisy } from "../engine/coding.js";
import { loadNetwork, unpack } from "../engine/networks.js";
import { drawField, drawInput, drawNeuron, drawRace } from "./charts.js";
import { Digits } from "./digits.js";
import { Learning } from "./learning.js";
import { Pad } from "./pad.js";
import { byId, element } from "./page.js";
import { drawActivations, drawRaster } from "./raster.js";
import { Runner } from "./runner.js";

const PLAY_MS = 4000;
const PAUSE_MS = 120;
const data = JSON.parse(byId("data").textContent);
const state = { pixels: null, seen: null, id: 0, label: null, position: 1, chosen: 0, turn: 0, playing: null };
const runners = [];
let pad = null, digits = null, learning = null;

function choose(number) {
  state.chosen = number;
  show();
}

function show() {
  for (const runner of runners) runner.show();
  const runner = runners[state.chosen], { trace, about } = runner;
  byId("inside-title").textContent = `Inside: ${about.title}`;
  byId("inside-note").textContent = `Test accuracy ${(100 * about.accuracy).toFixed(2)} %. ${trace?.presentations > 1 ? `The image was shown ${trace.presentations} times, because few neurons fired.` : ""}`;
  byId("position").value = state.position;
  if (trace) showInside(runner);
  learning.show();
}

function showInside({ trace, about, sorting, neuron, step, stop, network }) {
  const layer = trace.layers.at(-1), spiking = about.spiking;
  byId("input-caption").textContent = spiking ? `Input spikes at step ${step}` : "Input";
  drawInput(byId("input-view"), state.seen, spiking ? trace.inputs[step - 1] ?? [] : trace.inputs[0], data.shape);
  byId("raster-caption").textContent = spiking ? "Hidden spikes over time, sorted by the class that a neuron stands for. Click a neuron." : "Activations of the hidden neurons. Click a neuron.";
  if (spiking) drawRaster(byId("raster-view"), trace, layer, sorting, step, { stop: about.threshold === null ? null : stop, chosen: neuron, classes: data.classes });
  else drawActivations(byId("raster-view"), layer.values, sorting, { chosen: neuron });
  byId("race-caption").textContent = `Scores (${about.score_unit})`;
  drawRace(byId("race-view"), trace, step, data.classes);
  const kind = about.prefers[neuron];
  byId("neuron-caption").textContent = `Neuron ${neuron}${kind < 0 ? "" : `, stands for ${data.classes[kind]}`}`;
  byId("neuron-view").parentElement.hidden = !spiking;
  if (spiking) drawNeuron(byId("neuron-view"), trace, layer, neuron, step);
  const field = trace.layers.length === 1 && network.field ? network.field(neuron) : null;
  byId("field-view").parentElement.hidden = !field;
  if (field) drawField(byId("field-view"), field, data.shape);
}

/** Whether a network takes long for an answer: it waits until the pen rests. */
const slow = ({ about }) => about.kind === "competing";

/** Answer the image, one network after another, so that drawing stays fluent. */
async function recompute() {
  const turn = ++state.turn;
  if (!state.pixels) {
    for (const runner of runners) runner.trace = null;
    show();
    return;
  }
  state.seen = noisy(state.pixels, Number(byId("noise").value), state.id, 0);
  for (const runner of [...runners].sort((one, other) => slow(one) - slow(other))) {
    await new Promise((resolve) => setTimeout(resolve, slow(runner) ? PAUSE_MS : 0));
    if (turn !== state.turn) return;
    runner.compute(state.seen);
    if (runner.number === state.chosen) show();
    else runner.show();
  }
  document.body.dataset.answered = String(turn);
}

/** A network has learned: it answers anew. The page is drawn before the promise is kept. */
function learned(runner) {
  if (state.pixels) runner.compute(state.seen);
  show();
  return new Promise((resolve) => setTimeout(resolve));
}

function input({ pixels = null, label = null, id = 0 }) {
  Object.assign(state, { pixels, label, id });
  if (label === null) digits.release();
  byId("pad-note").textContent = label === null ? "Draw here." : `Test digit: ${data.classes[label]}`;
  pause();
  state.position = 1;
  learning.show();
  recompute();
}

function pause() {
  cancelAnimationFrame(state.playing);
  state.playing = null;
  byId("play").textContent = "Play";
}

function play() {
  if (state.playing !== null) return pause();
  if (state.position >= 1) state.position = 0;
  byId("play").textContent = "Pause";
  let before = performance.now();
  const tick = (now) => {
    state.position = Math.min(1, state.position + (Math.max(0, now - before) / PLAY_MS) * byId("speed").value);
    before = now;
    show();
    if (state.position >= 1) pause();
    else state.playing = requestAnimationFrame(tick);
  };
  state.playing = requestAnimationFrame(tick);
  return undefined;
}

function stepBy(by) {
  pause();
  const { trace } = runners[state.chosen];
  if (!trace) return;
  const at = Math.round(state.position * trace.nSteps) + by;
  state.position = Math.min(1, Math.max(0, at / trace.nSteps));
  show();
}

function settings() {
  byId("noise-out").textContent = byId("noise").value;
  byId("steps-out").textContent = `${byId("steps").value} %`;
  byId("model-note").textContent = data.models.find((one) => one.name === byId("model").value).charges;
}

/** Open the test image that the address names, as links of comparison.html do; false if it names none. */
function openLinked() {
  const row = /^#test=(\d+)$/.exec(location.hash)?.[1];
  if (row === undefined) return false;
  if (!digits.open(Number(row))) {
    digits.first();
    byId("pad-note").textContent = `Test image ${row} is not in this page; this is another one.`;
  }
  return true;
}

function listen() {
  byId("clear").onclick = () => {
    pad.clear();
    input({});
  };
  byId("again").onclick = () => {
    state.id = Math.floor(Math.random() * 2 ** 31);
    recompute();
  };
  byId("play").onclick = play;
  byId("back").onclick = () => stepBy(-1);
  byId("forward").onclick = () => stepBy(1);
  byId("position").oninput = (event) => {
    pause();
    state.position = Number(event.target.value);
    show();
  };
  for (const name of ["noise", "steps", "coding"]) byId(name).addEventListener("input", () => (settings(), recompute()));
  for (const name of ["model", "early"]) byId(name).addEventListener("input", () => (settings(), show()));
  byId("raster-view").addEventListener("click", pickNeuron);
  byId("raster-view").addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by) moveNeuron(by, event);
  });
  window.addEventListener("resize", show);
  window.addEventListener("hashchange", openLinked);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  document.addEventListener("keydown", (event) => key(event));
}

function pickNeuron(event) {
  const runner = runners[state.chosen], box = event.target.getBoundingClientRect();
  const share = runner.about.spiking ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width;
  const { order } = runner.sorting;
  runner.neuron = order[Math.min(order.length - 1, Math.max(0, Math.floor(share * order.length)))];
  show();
}

function moveNeuron(by, event) {
  event.preventDefault();
  const runner = runners[state.chosen], { order, place } = runner.sorting;
  runner.neuron = order[Math.min(order.length - 1, Math.max(0, place[runner.neuron] + by))];
  show();
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  if (event.key === "p") play();
  else if (event.key === "c") byId("clear").click();
  else if (event.key === "l") byId("learn").click();
  else if (event.key === "ArrowLeft") stepBy(-1);
  else if (event.key === "ArrowRight") stepBy(1);
  else if (data.classes.includes(event.key)) digits.next(event.key);
}

async function start() {
  byId("model").append(...data.models.map(({ name }) => element("option", { value: name, textContent: name })));
  settings();
  for (const description of data.networks) {
    const network = await loadNetwork({ ...description, classes: data.classes.length, shape: data.shape });
    runners.push(new Runner(network, runners.length, data, state, choose));
  }
  const first = runners.findIndex(({ about }) => about.spiking);
  state.chosen = Math.max(0, first);
  pad = new Pad(...data.shape, (pixels) => input({ pixels }));
  learning = new Learning(data.classes, data.shape, () => runners[state.chosen], () => state, learned);
  digits = new Digits(data.digits, await unpack(data.digits.pixels), data.shape, data.classes, (digit) => {
    pad.show(digit.pixels);
    input(digit);
  });
  listen();
  if (matchMedia("(max-width: 46rem)").matches) document.querySelector(".settings").open = false;
  if (!openLinked()) digits.first();
  window.lab = runners; // for tests, and for the curious
  show();
}

start();
