// The page: loads the networks, answers, and shows the answers at the chosen moment.
import { noisy } from "../engine/coding.js";
import { loadNetwork, unpack } from "../engine/networks.js";
import { stopStep } from "../engine/trace.js";
import { drawField, drawImage, drawInput, drawNeuron, drawRace } from "./charts.js";
import { answerAt, energyAt, operationsAt } from "./costs.js";
import { Pad } from "./pad.js";
import { byId, element, energyText, prepare, short } from "./page.js";
import { drawActivations, drawRaster, sorted } from "./raster.js";

const PLAY_MS = 4000;
const PAUSE_MS = 120;
const data = JSON.parse(byId("data").textContent);
const state = { pixels: null, id: 0, label: null, position: 1, chosen: 0, turn: 0, playing: null };
const runners = [];

class Runner {
  constructor(network, number) {
    Object.assign(this, { network, number, about: network.description, trace: null, neuron: 0 });
    this.sorting = sorted(this.about.prefers);
    this.answer = element("div", { className: "answer", textContent: "–" });
    this.judged = element("div", { className: "judged" });
    this.bars = element("div", { className: "bars", ariaHidden: "true" });
    this.canvas = element("canvas", { role: "img", "aria-label": `Spikes of ${this.about.title}` });
    this.costs = element("dl");
    this.button = element("button", { type: "button", textContent: "Look inside", onclick: () => choose(number) });
    const top = element("div", { className: "top" }, this.answer, this.judged, this.bars);
    this.card = element("article", { className: "card" }, element("h3", { textContent: this.about.title }), top, this.canvas, this.costs, this.button);
    byId("cards").append(this.card);
  }

  compute(pixels) {
    const coding = byId("coding").value || null, share = byId("steps").value / 100;
    this.trace = this.network.answer(pixels, { id: state.id, coding, share });
    const every = this.about.reading;
    this.stop = this.trace.presentations > 1 ? this.trace.nSteps : stopStep(this.trace, this.about.threshold, every);
  }

  get step() {
    const step = Math.ceil(state.position * this.trace.nSteps - 1e-9);
    return this.trace.nSteps === 1 ? 1 : byId("early").checked ? Math.min(step, this.stop) : step;
  }

  show() {
    const { trace, about } = this;
    this.card.classList.toggle("chosen", state.chosen === this.number);
    this.button.setAttribute("aria-pressed", String(state.chosen === this.number));
    const found = trace && answerAt(trace, this.step, about.score_unit);
    this.answer.textContent = found ? data.classes[found.label] : "–";
    const right = found && state.label !== null ? (found.label === state.label ? "✓ correct" : "✗ wrong") : "";
    this.judged.textContent = found ? `${(100 * found.confidence).toFixed(0)} % sure\n${right}` : "no answer yet";
    this.bars.replaceChildren(...data.classes.map((name, k) => {
      const bar = element("i");
      bar.style.height = `${found ? 100 * found.probabilities[k] * 0.75 : 0}%`;
      return element("span", { className: found?.label === k ? "leads" : "" }, bar, name);
    }));
    if (trace) this.#details();
    else {
      prepare(this.canvas);
      this.costs.replaceChildren();
    }
  }

  #details() {
    const { trace, about, step } = this, layer = trace.layers.at(-1);
    if (layer.spikes) drawRaster(this.canvas, trace, layer, this.sorting, step, { stop: about.threshold === null ? null : this.stop });
    else drawActivations(this.canvas, layer.values, this.sorting);
    const model = data.models.find((one) => one.name === byId("model").value);
    const rows = [
      ["Step", about.spiking ? `${step} of ${trace.nSteps}` : "one step"],
      [about.spiking ? "Additions" : "Multiplications", short(operationsAt(trace, step))],
      ["Energy, estimated", energyText(energyAt(trace, step, about.prices[model.name]), model.unit)],
      ["Could stop at step", this.stop < trace.nSteps ? String(this.stop) : "–"],
    ];
    this.costs.replaceChildren(...rows.flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", { textContent: value })]));
  }
}

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

function input(pixels, label, id) {
  Object.assign(state, { pixels, label, id });
  if (label === null) for (const button of byId("digits").children) button.setAttribute("aria-pressed", "false");
  byId("pad-note").textContent = label === null ? "Draw here." : `Test digit: ${data.classes[label]}`;
  pause();
  state.position = 1;
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

function listen(pad) {
  byId("clear").onclick = () => {
    pad.clear();
    input(null, null, 0);
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
  else if (event.key === "ArrowLeft") stepBy(-1);
  else if (event.key === "ArrowRight") stepBy(1);
  else if (data.classes.includes(event.key)) {
    const fitting = [...byId("digits").querySelectorAll("button")].filter((button) => button.dataset.label === event.key);
    const now = fitting.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    if (fitting.length) fitting[(now + 1) % fitting.length].click();
  }
}

async function showDigits(pad) {
  const { labels, ids, rows, wrong } = data.digits, pixels = await unpack(data.digits.pixels);
  const n = data.shape[0] * data.shape[1];
  const list = () => {
    const hard = document.querySelector('input[name="group"]:checked').value === "hard";
    byId("digits").replaceChildren(...labels.flatMap((label, k) => (wrong[k] > 0) === hard ? [button(label, k)] : []));
  };
  const button = (label, k) => {
    const image = pixels.subarray(k * n, (k + 1) * n), canvas = element("canvas");
    drawImage(canvas, image, data.shape);
    const made = element("button", { type: "button", "aria-label": `Test image ${rows[k]}, a ${data.classes[label]}`, "aria-pressed": "false" }, canvas);
    made.dataset.label = data.classes[label];
    made.onclick = () => {
      for (const other of byId("digits").children) other.setAttribute("aria-pressed", String(other === made));
      pad.show(image);
      input(image, label, ids[k]);
    };
    return made;
  };
  byId("groups").onchange = list;
  list();
}

async function start() {
  byId("model").append(...data.models.map(({ name }) => element("option", { value: name, textContent: name })));
  settings();
  for (const description of data.networks) runners.push(new Runner(await loadNetwork({ ...description, classes: data.classes.length, shape: data.shape }), runners.length));
  const first = runners.findIndex(({ about }) => about.spiking);
  state.chosen = Math.max(0, first);
  const pad = new Pad(...data.shape, (pixels) => input(pixels, null, 0));
  await showDigits(pad);
  listen(pad);
  if (matchMedia("(max-width: 46rem)").matches) document.querySelector(".settings").open = false;
  byId("digits").firstElementChild?.click();
  window.lab = runners; // for tests, and for the curious
  show();
}

start();
