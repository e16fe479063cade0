// The drawing area: strokes by mouse, touch or keyboard, and the image that networks get.
import { byId } from "./page.js";

const PEN = 0.085; // width of the pen, of the side of the area
const BOX = 20 / 28; // MNIST scales a digit into a box of 20 of 28 pixels
const NUDGE = 0.03;

export class Pad {
  /** `changed(pixels)` is called with the new image after every change by the user. */
  constructor(height, width, changed) {
    Object.assign(this, { height, width, changed, strokes: [], pen: { x: 0.5, y: 0.5 }, down: false });
    this.canvas = byId("pad");
    this.shown = null;
    this.#listen();
    this.draw();
  }

  clear() {
    Object.assign(this, { strokes: [], shown: null, down: false });
    this.draw();
  }

  /** Show an image in place of a drawing. */
  show(pixels) {
    this.clear();
    this.shown = pixels;
    this.draw();
  }

  #begin(point) {
    if (this.shown) this.clear();
    this.strokes.push([point]);
    this.#moved();
  }

  #extend(point) {
    this.strokes.at(-1).push(point);
    this.#moved();
  }

  #moved() {
    this.draw();
    this.changed(this.pixels());
  }

  #listen() {
    const canvas = this.canvas, place = (event) => {
      const box = canvas.getBoundingClientRect();
      return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
    };
    let drawing = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      drawing = event.pointerId;
      canvas.setPointerCapture(drawing);
      this.#begin(place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== drawing) return;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) this.strokes.at(-1).push(place(one));
      this.#moved();
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (drawing = null));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("focus", () => this.draw());
    canvas.addEventListener("blur", () => this.draw());
  }

  #key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (event.key === "Enter") {
      if (this.shown) this.clear();
      this.down = !this.down;
      if (this.down) this.#begin({ ...this.pen });
    } else if (move) {
      const within = (value) => Math.min(1, Math.max(0, value));
      this.pen = { x: within(this.pen.x + NUDGE * move[0]), y: within(this.pen.y + NUDGE * move[1]) };
      if (this.down) this.#extend({ ...this.pen });
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.draw();
  }

  draw() {
    const { canvas } = this, context = canvas.getContext("2d"), size = canvas.width;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, size, size);
    if (this.shown) paintImage(context, this.shown, this.width, size);
    else ink(context, this.strokes, size);
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) this.#cursor(context, size);
  }

  #cursor(context, size) {
    const { x, y } = this.pen, arm = 0.035 * size;
    context.strokeStyle = this.down ? "#b34700" : "#0072b2";
    context.lineWidth = 4;
    context.beginPath();
    context.moveTo(x * size - arm, y * size);
    context.lineTo(x * size + arm, y * size);
    context.moveTo(x * size, y * size - arm);
    context.lineTo(x * size, y * size + arm);
    context.stroke();
  }

  /** The image of the drawing as networks get it; null where there is none. */
  pixels() {
    if (this.shown) return this.shown;
    if (!this.strokes.length) return null;
    const size = 280, canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    ink(context, this.strokes, size);
    const alpha = context.getImageData(0, 0, size, size).data.filter((_, k) => k % 4 === 3);
    return centred(alpha, size, this.height, this.width);
  }
}

function ink(context, strokes, size) {
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = PEN * size;
  context.strokeStyle = "#000";
  for (const points of strokes) {
    context.beginPath();
    context.moveTo(points[0].x * size, points[0].y * size);
    for (const point of points) context.lineTo(point.x * size, point.y * size);
    if (points.length === 1) context.lineTo(points[0].x * size + 0.01, points[0].y * size);
    context.stroke();
  }
}

/** Grey values dark on light, as pixels of `size` / `width`. */
export function paintImage(context, pixels, width, size) {
  const side = size / width;
  pixels.forEach((value, k) => {
    if (!value) return;
    context.fillStyle = `rgb(${255 - value} ${255 - value} ${255 - value})`;
    context.fillRect((k % width) * side, Math.floor(k / width) * side, side + 0.5, side + 0.5);
  });
}

/**
 * A drawing [size, size] as MNIST made its images: scaled into a box, keeping its aspect ratio, and
 * moved so that its centre of mass lies in the middle. Each pixel is the mean of what it covers.
 */
export function centred(alpha, size, height, width) {
  let left = size, right = -1, top = size, bottom = -1, mass = 0, sumX = 0, sumY = 0;
  alpha.forEach((value, k) => {
    if (!value) return;
    const x = k % size, y = (k - x) / size;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    mass += value;
    sumX += value * (x + 0.5);
    sumY += value * (y + 0.5);
  });
  if (!mass) return null;
  const extent = Math.max(right - left, bottom - top) + 1;
  const scale = extent / (BOX * Math.min(height, width)); // pixels of the drawing per pixel of the image
  const startX = sumX / mass - (width / 2) * scale, startY = sumY / mass - (height / 2) * scale;
  const value = (row, column) => {
    let total = 0, n = 0;
    for (let y = Math.round(startY + row * scale); y < startY + (row + 1) * scale; y++) {
      for (let x = Math.round(startX + column * scale); x < startX + (column + 1) * scale; x++) {
        n++;
        if (x >= 0 && y >= 0 && x < size && y < size) total += alpha[y * size + x];
      }
    }
    return n ? Math.round(total / n) : 0;
  };
  return Uint8Array.from({ length: height * width }, (_, k) => value(Math.floor(k / width), k % width));
}
