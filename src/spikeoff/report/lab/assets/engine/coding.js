// Pixels to spikes, as in spikeoff.coding: the same spikes for the same seed, image and pixel.
import { philox } from "./philox.js";

const LEVELS = 65536; // 16 random bits decide one step
const STEPS_PER_BLOCK = 8;
const LATENCY_THRESHOLD = 0.01;

/** Nearest whole number; halves go to the even one, as NumPy rounds. */
export function rint(x) {
  const low = Math.floor(x), rest = x - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 ? low + 1 : low;
}

/** round(p * 65536) for each pixel value, p the probability of a spike per step. */
export function limitsOf(coding) {
  return Float64Array.from({ length: 256 }, (_, x) => {
    const rate = (x / 255) * coding.max_rate;
    return rint((coding.name === "rate" ? rate : -Math.expm1(-rate)) * LEVELS);
  });
}

/** The step at which a pixel of each value fires once; nSteps for never. */
export function firstSteps(coding, nSteps) {
  if (coding.name === "threshold") {
    return Array.from({ length: 256 }, (_, x) => {
      const passed = coding.levels.findIndex((level) => x > level);
      return passed < 0 || passed >= nSteps ? nSteps : passed;
    });
  }
  const delay = (x) => Math.log(x / (x - LATENCY_THRESHOLD));
  const longest = delay(3 / 255);
  return Array.from({ length: 256 }, (_, value) => {
    const x = value / 255;
    if (x <= LATENCY_THRESHOLD) return nSteps;
    const time = coding.name === "latency" ? 1 - x : delay(x) / longest;
    return rint((nSteps - 1) * time);
  });
}

/**
 * The input spikes of one image.
 *
 * active[step]: pixels that fire, ascending. baseline: pixels that usually fire; fired[step] and
 * silent[step]: how a step differs from it. Kernels sum weights in this order.
 */
export function inputSpikes(pixels, coding, nSteps, id, epoch = 0) {
  if (coding.name === "rate" || coding.name === "poisson") {
    return drawnSpikes(pixels, limitsOf(coding), nSteps, id, epoch, coding.seed);
  }
  const active = Array.from({ length: nSteps }, () => []);
  const first = firstSteps(coding, nSteps);
  pixels.forEach((value, pixel) => first[value] < nSteps && active[first[value]].push(pixel));
  return { active, baseline: [], fired: active, silent: active.map(() => []) };
}

function drawnSpikes(pixels, limits, nSteps, id, epoch, seed) {
  const lists = () => Array.from({ length: nSteps }, () => []);
  const active = lists(), fired = lists(), silent = lists();
  const inDoubt = [], always = [], words = new Uint32Array(4);
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    const limit = limits[pixels[pixel]], usual = limit > LEVELS / 2;
    if (limit === 0) continue;
    if (usual) (limit === LEVELS ? always : inDoubt).push(pixel);
    for (let step = 0; step < nSteps; step++) {
      const j = step % STEPS_PER_BLOCK;
      if (j === 0 && limit < LEVELS) philox(step / STEPS_PER_BLOCK, pixel, id, epoch, seed, 0, words);
      const fires = limit === LEVELS || ((words[j >> 1] >>> (16 * (j & 1))) & 0xffff) < limit;
      if (fires) active[step].push(pixel);
      if (fires !== usual) (fires ? fired : silent)[step].push(pixel);
    }
  }
  return { active, baseline: inDoubt.concat(always), fired, silent };
}

/**
 * Poisson trains of one image: for each pixel that fires, its steps in ascending order.
 *
 * `intensity` is in spikes per second at pixel value 8, `dt` in ms.
 */
export function poissonTrains(pixels, nSteps, intensity, dt, { id, epoch = 0, presentation, seed }) {
  const trains = [], words = new Uint32Array(4);
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    if (!pixels[pixel]) continue;
    const p = (pixels[pixel] * intensity * dt) / 8000;
    const scale = p < 1 ? 1 / Math.log1p(-p) : 0;
    const times = [];
    for (let draw = 0, step = -1; ; draw++) {
      if (draw % 4 === 0) philox(draw / 4, pixel, id, epoch, seed, presentation, words);
      step += 1 + Math.floor(Math.log((words[draw % 4] + 0.5) / 4294967296) * scale);
      if (step >= nSteps) break;
      times.push(step);
    }
    if (times.length) trains.push({ pixel, times });
  }
  return trains;
}

/** The image with Gaussian noise of this standard deviation (grey levels), as coding.corruptions. */
export function noisy(pixels, deviation, id, seed) {
  if (!deviation) return pixels;
  const words = new Uint32Array(4), key = 0x434f5252, all = 4294967296;
  return Uint8Array.from(pixels, (value, pixel) => {
    philox(0, pixel, id, 0, seed, key, words);
    const radius = Math.sqrt(-2 * Math.log((words[0] + 0.5) / all));
    const normal = radius * Math.cos((2 * Math.PI * (words[1] + 0.5)) / all);
    return Math.min(255, Math.max(0, rint(value + deviation * normal)));
  });
}
