"use strict";
// The page is whole without this script; it adds the filters of the gallery and the steps of the
// spikes. Everything it needs is in the page.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

function gallery(root) {
  const FIRST = 24;
  const cards = all(".card", root);
  const selects = all("select", root);
  const count = one(".count", root);
  const more = one(".more button", root);
  let whole = false;
  const fits = (card, { name, value }) =>
    value === "" || card.dataset[name].split(" ").includes(value);
  function show() {
    const fitting = cards.filter((card) => selects.every((select) => fits(card, select)));
    const shown = new Set(whole ? fitting : fitting.slice(0, FIRST));
    for (const card of cards) card.hidden = !shown.has(card);
    count.textContent = fitting.length
      ? `${shown.size} of the ${fitting.length} images that match`
      : "No image matches.";
    more.parentElement.hidden = shown.size === fitting.length;
    more.textContent = `Show the other ${fitting.length - shown.size}`;
  }
  for (const select of selects) {
    select.addEventListener("change", () => { whole = false; show(); });
  }
  more.addEventListener("click", () => {
    const next = all(".card:not([hidden])", root).length;
    whole = true;
    show();
    all(".card:not([hidden])", root)[next]?.focus();
  });
  one(".filters", root).hidden = false;
  show();
}

function bits(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

class Panel {
  constructor(root, data) {
    Object.assign(this, { root, data, timer: null, frame: data.frames - 1, digit: 0 });
    this.range = one("input", root);
    this.status = one(".status", root);
    this.playing = one(".start", root);
    const canvas = document.createElement("canvas");
    canvas.width = data.width;
    canvas.height = data.height;
    canvas.setAttribute("role", "img");
    this.canvas = canvas;
    one(".image img", root).replaceWith(canvas);
    one(".back", root).addEventListener("click", () => this.step(-1));
    one(".forth", root).addEventListener("click", () => this.step(1));
    this.playing.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
    this.range.addEventListener("input", () => { this.stop(); this.at(Number(this.range.value)); });
    one(".controls", root).hidden = false;
  }

  choose(digit, picture) {
    this.digit = digit;
    const { inputs, hidden } = this.data.images[digit];
    this.inputs = bits(inputs);
    one(".raster img", this.root).src = hidden;
    const { answer } = this.data.images[digit];
    for (const band of all(".band", this.root)) {
      band.classList.toggle("answer", band.textContent === this.data.classes[answer]);
    }
    this.picture = picture;
    this.at(this.frame);
  }

  step(by) {
    this.stop();
    this.at((this.frame + by + this.data.frames) % this.data.frames);
  }

  play() {
    if (this.frame === this.data.frames - 1) this.at(0);
    this.playing.textContent = "Pause";
    this.status.setAttribute("aria-live", "off");
    this.timer = setInterval(() => {
      if (this.frame === this.data.frames - 1) this.stop();
      else this.at(this.frame + 1);
    }, 4000 / this.data.frames);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.playing.textContent = "Play";
    this.status.setAttribute("aria-live", "polite");
  }

  at(frame) {
    this.frame = frame;
    const { frames, frame_ms: ms, classes: names } = this.data;
    const { counts, bars, answer } = this.data.images[this.digit];
    this.range.value = frame;
    one(".play", this.root).style.setProperty("--seen", `${(100 * (frame + 1)) / frames}%`);
    const shares = bars[frame];
    const most = Math.max(...shares);
    const level = [...shares.keys()].filter((digit) => shares[digit] === most);
    const named = level.map((digit) => names[digit]);
    const last = frame === frames - 1;
    const shown = last ? answer : level.length === 1 ? level[0] : null;
    all(".bars li", this.root).forEach((bar, digit) => {
      bar.style.setProperty("--w", shares[digit]);
      bar.classList.toggle("leads", digit === shown);
    });
    const [inputs, hidden] = counts[frame].map((n) => n.toLocaleString("en"));
    const time = `${Number(((frame + 1) * ms).toFixed(1))} ms`;
    const says = last ? `the answer is ${names[answer]}`
      : shown !== null ? `${names[shown]} leads`
      : level.length === names.length ? "no class leads"
      : `${named.slice(0, -1).join(", ")} and ${named.at(-1)} are tied`;
    this.status.textContent =
      `After ${time}, step ${frame + 1} of ${frames}: ${inputs} input and ${hidden} hidden spikes; ${says}.`;
    this.range.setAttribute("aria-valuetext", time);
    this.draw();
  }

  // Light to dark by how often a pixel has fired so far; those that fire now in colour.
  draw() {
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(this.data.width, this.data.height);
    const pixels = this.data.width * this.data.height;
    const bytes = Math.ceil(pixels / 8);
    const fires = (frame, pixel) =>
      (this.inputs[frame * bytes + (pixel >> 3)] >> (7 - (pixel & 7))) & 1;
    const fired = new Uint16Array(pixels);
    for (let frame = 0; frame < this.data.frames; frame++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        if (frame <= this.frame) fired[pixel] += fires(frame, pixel);
      }
    }
    const most = Math.max(1, ...fired);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const grey = 255 - 215 * Math.sqrt(fired[pixel] / most);
      const colour = fires(this.frame, pixel) ? [213, 94, 0] : [grey, grey, grey];
      image.data.set([...colour, 255], 4 * pixel);
    }
    context.putImageData(image, 0, 0);
    this.canvas.setAttribute("aria-label", `Input spikes so far, of ${this.picture}`);
  }
}

function rasters(root) {
  const data = JSON.parse(one("#spikes", root).textContent);
  const panels = all(".panel", root).map((panel, k) => new Panel(panel, data[k]));
  const choices = all(".choose input", root);
  function choose() {
    const k = choices.findIndex((choice) => choice.checked);
    for (const panel of panels) panel.choose(k, choices[k].nextElementSibling.alt);
  }
  for (const choice of choices) choice.addEventListener("change", choose);
  one(".choose", root).hidden = false;
  choose();
  return panels;
}

// On paper every part is open and every raster at its end.
function printing(panels) {
  let closed = [];
  let frames = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const part of closed) part.open = true;
    frames = panels.map((panel) => panel.frame);
    for (const panel of panels) {
      panel.stop();
      panel.at(panel.data.frames - 1);
    }
  });
  addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
    panels.forEach((panel, k) => panel.at(frames[k]));
  });
}

if (one("#gallery .card")) gallery(one("#gallery"));
printing(one("#spikes") ? rasters(one("#rasters")) : []);
