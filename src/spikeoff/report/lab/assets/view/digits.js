// The test digits beside the drawing area: three groups by how many networks get them right.
import { drawImage } from "./charts.js";
import { byId, element } from "./page.js";

export class Digits {
  /**
   * `digits` and `classes` are what Python wrote into the page, `pixels` all images in turn.
   * `chosen({ pixels, label, id })` is called with the digit that somebody takes.
   */
  constructor(digits, pixels, shape, classes, chosen) {
    Object.assign(this, { ...digits, shape, names: classes, chosen, taken: null });
    const n = shape[0] * shape[1];
    this.images = digits.labels.map((_, k) => pixels.subarray(k * n, (k + 1) * n));
    for (const radio of [...byId("groups").querySelectorAll("input")].reverse()) {
      const some = digits.groups.includes(radio.value);
      radio.parentElement.hidden = !some;
      if (some) radio.checked = true; // the first group that has any is left checked
    }
    byId("groups").onchange = () => this.#list();
    this.#list();
  }

  /** Take the first digit of the group that is shown. */
  first() {
    byId("digits").firstElementChild?.click();
  }

  /** Take the test image of this number, in whichever group; returns whether it is in the page. */
  open(row) {
    const k = this.rows.indexOf(row);
    if (k < 0) return false;
    byId("groups").querySelector(`[value="${this.groups[k]}"]`).checked = true;
    this.#list();
    byId("digits").querySelector(`[data-row="${row}"]`).click();
    return true;
  }

  /** Take the next digit of this class in the group that is shown. */
  next(name) {
    const fitting = [...byId("digits").children].filter((button) => button.dataset.label === name);
    const now = fitting.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    if (fitting.length) fitting[(now + 1) % fitting.length].click();
  }

  /** No digit is taken any more. */
  release() {
    this.taken = null;
    this.#mark();
  }

  #list() {
    const group = document.querySelector('input[name="group"]:checked').value;
    byId("digits").replaceChildren(...this.rows.flatMap((_, k) => (this.groups[k] === group ? [this.#button(k)] : [])));
    this.#mark();
  }

  #mark() {
    for (const button of byId("digits").children) button.setAttribute("aria-pressed", String(Number(button.dataset.row) === this.taken));
  }

  #button(k) {
    const canvas = element("canvas"), name = this.names[this.labels[k]], row = this.rows[k];
    drawImage(canvas, this.images[k], this.shape);
    const about = `Test image ${row}, a ${name}${this.wrong[k] ? `, misclassified by ${this.wrong[k]}` : ""}`;
    const made = element("button", { type: "button", ariaLabel: about, title: about }, canvas);
    Object.assign(made.dataset, { label: name, row });
    made.onclick = () => {
      this.taken = row;
      this.#mark();
      this.chosen({ pixels: this.images[k], label: this.labels[k], id: this.ids[k] });
    };
    return made;
  }
}
