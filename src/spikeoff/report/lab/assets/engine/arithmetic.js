// Sums in single precision, in the order of the Numba kernels, so that spikes come out the same.
//
// JavaScript computes in double precision. A double sum or product of two singles, rounded to
// single, is the single result; fround(a * b + c) is a fused multiply-add, as compiled kernels use
// it (the product is exact in double precision).

export const fround = Math.fround;

/** out = the table's rows chosen, summed eight at a time (spikeoff.kernels.events.sum_rows). */
export function sumRows(table, stride, offset, chosen, start, stop, out) {
  const width = out.length;
  out.fill(0);
  let k = start;
  for (; k + 8 <= stop; k += 8) {
    const [r0, r1, r2, r3, r4, r5, r6, r7] = [0, 1, 2, 3, 4, 5, 6, 7].map(
      (i) => chosen[k + i] * stride + offset,
    );
    for (let h = 0; h < width; h++) {
      const a = fround(fround(table[r0 + h] + table[r1 + h]) + fround(table[r2 + h] + table[r3 + h]));
      const b = fround(fround(table[r4 + h] + table[r5 + h]) + fround(table[r6 + h] + table[r7 + h]));
      out[h] += fround(a + b);
    }
  }
  for (; k < stop; k++) addRow(out, table, chosen[k] * stride + offset);
}

export function addRow(out, table, row) {
  for (let h = 0; h < out.length; h++) out[h] += table[row + h];
}

export function subtractRow(out, table, row) {
  for (let h = 0; h < out.length; h++) out[h] -= table[row + h];
}

/** For each row of a table, how many of its numbers are not 0. */
export function fanOut(table, rows) {
  const width = table.length / rows;
  return Uint32Array.from({ length: rows }, (_, row) => {
    let n = 0;
    for (let k = row * width; k < (row + 1) * width; k++) n += table[k] !== 0;
    return n;
  });
}

/** [columns, rows] of a [rows, columns] table. */
export function transposed(table, rows) {
  const columns = table.length / rows, out = new Float32Array(table.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = table[r * columns + c];
  return out;
}

/** The place of the largest value; the first among equals. */
export function argmax(values) {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}

/** A column of a table of this width. */
export function column(table, width, number) {
  return Float32Array.from({ length: table.length / width }, (_, row) => table[row * width + number]);
}
