// Philox4x32-10, as in spikeoff.coding.philox: random numbers that are a pure function of a counter
// and a key. Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function highProduct(a, b) {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return (aHigh * bHigh + (first >>> 16) + (second >>> 16)) >>> 0;
}

/** Write the four random words of a counter (c0..c3) and a key (k0, k1) into `out`. */
export function philox(c0, c1, c2, c3, k0, k1, out) {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = highProduct(c0, MULTIPLIER_0), low0 = Math.imul(c0, MULTIPLIER_0);
    const high1 = highProduct(c2, MULTIPLIER_1), low1 = Math.imul(c2, MULTIPLIER_1);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}
