// A layer of Izhikevich neurons (spikeoff.neurons.izhikevich), in single precision.
import { fround } from "./arithmetic.js";

export class IzhikevichLayer {
  /** `p` has the constants of the equations; neurons start at rest. */
  constructor(n, p, nSteps) {
    this.p = p;
    this.v = new Float32Array(n).fill(p.c);
    this.u = new Float32Array(n).fill(fround(p.b * p.c));
    /** Per step: membrane potential before reset (mV), recovery after it (mV/ms). */
    this.trace = { v: new Float32Array(nSteps * n), u: new Float32Array(nSteps * n), peak: p.v_peak };
  }

  /** One step under these currents (mV/ms); returns the neurons that fire, ascending. */
  step(currents, number) {
    const { a, b, c, d, quadratic, linear, constant, v_peak, v_floor, dt } = this.p;
    const { v, u, trace } = this, n = v.length, fired = [];
    for (let h = 0; h < n; h++) {
      const v0 = v[h], u0 = u[h];
      const square = fround(linear * v0 + fround(fround(quadratic * v0) * v0));
      const drift = fround(fround(fround(square + constant) - u0) + currents[h]);
      const reached = fround(dt * drift + v0);
      const recovery = fround(dt * fround(a * fround(b * v0 - u0)) + u0);
      const fires = reached >= v_peak;
      if (fires) fired.push(h);
      v[h] = fires ? c : Math.max(reached, v_floor);
      u[h] = fires ? fround(recovery + d) : recovery;
      trace.v[number * n + h] = reached;
      trace.u[number * n + h] = u[h];
    }
    return fired;
  }
}
