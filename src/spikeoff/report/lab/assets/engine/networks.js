// Networks by kind, from what Python wrote into the page.
import { ColumnsNetwork } from "./columns.js";
import { CompetingNetwork } from "./competing.js";
import { Convolutional, Perceptron } from "./conventional.js";
import { SpikingNetwork } from "./spiking.js";

const KINDS = {
  spiking: SpikingNetwork, columns: ColumnsNetwork, competing: CompetingNetwork,
  perceptron: Perceptron, convolutional: Convolutional,
};

// That of RFC 1924, with a comma in place of "<".
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;,=>?@^_`{|}~";

const DIGITS = new Uint8Array(128);
[...ALPHABET].forEach((character, k) => (DIGITS[character.charCodeAt(0)] = k));

const TYPES = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array };

/** The bytes behind a text, inflated, their planes joined again (spikeoff.report.lab.packing). */
export async function unpack({ dtype, size, data }) {
  const stream = new Blob([fromBase85(data)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const width = planes.length / size, bytes = new Uint8Array(planes.length);
  for (let k = 0; k < size; k++) for (let b = 0; b < width; b++) bytes[k * width + b] = planes[b * size + k];
  if (dtype === "float16") return new Float32Array(size).map((_, k) => HALVES[bytes[2 * k] + 256 * bytes[2 * k + 1]]);
  return new TYPES[dtype](bytes.buffer);
}

/** Bytes from base 85: five characters hold four bytes, the first the highest; the last may be fewer. */
function fromBase85(text) {
  const codes = new TextEncoder().encode(text), groups = Math.ceil(codes.length / 5);
  const view = new DataView(new ArrayBuffer(4 * groups)), digit = (k) => (k < codes.length ? DIGITS[codes[k]] : 84);
  for (let group = 0, k = 0; group < groups; group++, k += 5) {
    const high = (digit(k) * 85 + digit(k + 1)) * 85 + digit(k + 2);
    view.setUint32(4 * group, (high * 85 + digit(k + 3)) * 85 + digit(k + 4));
  }
  return new Uint8Array(view.buffer, 0, 4 * groups - (5 * groups - codes.length));
}

/** Every number in half precision, as a single. */
const HALVES = Float32Array.from({ length: 65536 }, (_, h) => {
  const exponent = (h >> 10) & 31, fraction = h & 1023, sign = h & 32768 ? -1 : 1;
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14;
  return exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * size;
});

export async function loadNetwork(description) {
  const names = Object.keys(description.arrays);
  const held = await Promise.all(names.map((name) => unpack(description.arrays[name])));
  const arrays = Object.fromEntries(names.map((name, k) => [name, held[k]]));
  return new KINDS[description.kind]({ ...description, arrays });
}

