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

const TYPES = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array };

/** The bytes behind a text, inflated, their planes joined again (spikeoff.report.lab.packing). */
export async function unpack({ dtype, size, data }) {
  const stream = new Blob([fromBase85(data)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const width = planes.length / size, bytes = new Uint8Array(planes.length);
  for (let k = 0; k < size; k++) for (let b = 0; b < width; b++) bytes[k * width + b] = planes[b * size + k];
  if (dtype === "float16") return fromHalf(new Uint16Array(bytes.buffer));
  return new TYPES[dtype](bytes.buffer);
}

/** Bytes from base 85: five characters hold four bytes, the first the highest; the last may be fewer. */
function fromBase85(text) {
  const digits = new Uint8Array(128), groups = Math.ceil(text.length / 5);
  [...ALPHABET].forEach((character, k) => (digits[character.charCodeAt(0)] = k));
  const view = new DataView(new ArrayBuffer(4 * groups));
  for (let group = 0; group < groups; group++) {
    let value = 0;
    for (let k = 5 * group; k < 5 * group + 5; k++) {
      value = 85 * value + (k < text.length ? digits[text.charCodeAt(k)] : 84);
    }
    view.setUint32(4 * group, value);
  }
  return new Uint8Array(view.buffer, 0, 4 * groups - (5 * groups - text.length));
}

/** Half precision to single. */
function fromHalf(halves) {
  const table = new Float32Array(65536);
  for (let h = 0; h < 65536; h++) {
    const exponent = (h >> 10) & 31, fraction = h & 1023, sign = h & 32768 ? -1 : 1;
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14;
    table[h] = exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * size;
  }
  return Float32Array.from(halves, (h) => table[h]);
}

export async function loadNetwork(description) {
  const names = Object.keys(description.arrays);
  const held = await Promise.all(names.map((name) => unpack(description.arrays[name])));
  const arrays = Object.fromEntries(names.map((name, k) => [name, held[k]]));
  return new KINDS[description.kind]({ ...description, arrays });
}

