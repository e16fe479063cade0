// A network of the page: its last answer, and the card that shows it.
import { stopStep } from "../engine/trace.js";
import { answerAt, energyAt, operationsAt } from "./costs.js";
import { byId, element, energyText, prepare, short } from "./page.js";
import { drawActivations, drawRaster, sorted } from "./raster.js";

export class Runner {
  /** `data` is what Python wrote into the page, `state` the moment and the image, `choose` looks inside. */
  constructor(network, number, data, state, choose) {
    Object.assign(this, { network, number, data, state, about: network.description, trace: null, neuron: 0, learned: 0 });
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
    this.trace = this.network.answer(pixels, { id: this.state.id, coding, share });
    const every = this.about.reading;
    this.stop = this.trace.presentations > 1 ? this.trace.nSteps : stopStep(this.trace, this.about.threshold, every);
  }

  get step() {
    const step = Math.ceil(this.state.position * this.trace.nSteps - 1e-9);
    return this.trace.nSteps === 1 ? 1 : byId("early").checked ? Math.min(step, this.stop) : step;
  }

  show() {
    const { trace, about, state, data } = this;
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
    const model = this.data.models.find((one) => one.name === byId("model").value);
    const rows = [
      ["Step", about.spiking ? `${step} of ${trace.nSteps}` : "one step"],
      [about.spiking ? "Additions" : "Multiplications", short(operationsAt(trace, step))],
      ["Energy, estimated", energyText(energyAt(trace, step, about.prices[model.name]), model.unit)],
      ["Could stop at step", this.stop < trace.nSteps ? String(this.stop) : "–"],
    ];
    this.costs.replaceChildren(...rows.flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", { textContent: value })]));
  }
}
