// STDP live: a network learns from the image, and a receptive field changes.
import { argmax } from "../engine/arithmetic.js";
import { drawChange, drawField, largest } from "./charts.js";
import { byId, element } from "./page.js";

const TIMES = 10;
const LABELLED = "In each column, the first neuron to fire learns by STDP; the label teaches the output neurons.";
const UNLABELLED = "Neurons that fire learn by STDP, and their thresholds rise. No label is used: neurons keep the class that they stand for.";

export class Learning {
  /**
   * `current()` is the runner under view, `state()` the image (pixels, as the networks see it, id and
   * label), and `changed(runner)` is called when a network has learned or forgotten.
   */
  constructor(classes, shape, current, state, changed) {
    Object.assign(this, { shape, current, state, changed, busy: false, pixels: null });
    byId("label").append(...classes.map((name, k) => element("option", { value: String(k), textContent: name })));
    byId("learn").onclick = () => this.#learn(1);
    byId("learn-more").onclick = () => this.#learn(TIMES);
    byId("forget").onclick = () => this.#forget();
    byId("label").onchange = () => this.show();
  }

  /** Show what the network under view can learn, and how the field of its neuron has changed. */
  show() {
    const runner = this.current(), { learning } = runner.about.settings, { pixels, label } = this.state();
    if (pixels !== this.pixels) byId("label").value = label === null ? "" : String(label);
    this.pixels = pixels;
    byId("learning").hidden = !learning;
    if (!learning) return;
    const ready = pixels && !this.busy && !(learning.needs_label && byId("label").value === "");
    byId("label").parentElement.hidden = !learning.needs_label;
    for (const name of ["learn", "learn-more"]) byId(name).disabled = !ready;
    byId("forget").disabled = this.busy || !runner.learned;
    byId("learn-count").textContent = `Images learned on this page: ${runner.learned}.`;
    byId("learn-rule").textContent = learning.needs_label ? LABELLED : UNLABELLED;
    this.#draw(runner);
  }

  #draw({ network, neuron }) {
    const before = network.trainedField(neuron), now = network.field(neuron);
    const most = largest([...before, ...now]), changes = now.map((w, k) => w - before[k]);
    drawField(byId("before-view"), before, this.shape, most);
    drawField(byId("now-view"), now, this.shape, most);
    drawChange(byId("change-view"), changes, this.shape);
    byId("change-caption").textContent = `Change, up to ${((100 * largest(changes)) / most).toFixed(0)} % of the largest weight`;
  }

  async #learn(times) {
    const runner = this.current(), { pixels, id } = this.state(), label = Number(byId("label").value);
    this.busy = true;
    for (let k = 0; k < times && pixels === this.state().pixels; k++) {
      runner.learned += 1;
      const taught = runner.network.learn(this.state().seen, { id, epoch: runner.learned, label });
      if (!taught[runner.neuron] && taught.some((spikes) => spikes)) runner.neuron = argmax(taught);
      await this.changed(runner);
    }
    this.busy = false;
    this.show();
  }

  #forget() {
    const runner = this.current();
    runner.learned = 0;
    runner.network.reset();
    this.changed(runner);
  }
}
