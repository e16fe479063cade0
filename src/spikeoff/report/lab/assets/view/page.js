// What is on the page: elements by their id, and new ones.

export const byId = (id) => document.getElementById(id);

/** A new element with properties and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A colour of the style sheet, as the light or dark scheme has it. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A cleared drawing context in CSS pixels, sharp on any screen: {context, width, height}. */
export function prepare(canvas) {
  const { width, height } = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}

/** A number with at most three figures and a unit prefix: 1234567 is "1.23 M". */
export function short(value, unit = "") {
  if (!Number.isFinite(value)) return "–";
  const prefixes = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const [size, prefix] = prefixes.find(([limit]) => Math.abs(value) >= limit) ?? [1, ""];
  const scaled = value / size, text = scaled >= 100 ? scaled.toFixed(0) : String(Number(scaled.toPrecision(3)));
  return `${text} ${prefix}${unit}`.trim();
}

/** Picojoules in the unit that suits them; other units as they are. */
export function energyText(value, unit) {
  if (value === null) return "not priced";
  if (unit !== "pJ") return short(value, ` ${unit}`).replace(/ +/g, " ");
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} µJ`;
  return `${Number((value / 1e3).toPrecision(3))} nJ`;
}
