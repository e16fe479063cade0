"""Exponential, logarithm, sine and cosine of our own, from ``+ - * /`` in a fixed order.

Every operation is rounded by itself, so the results have the same bits on every processor. They
are within an ulp of the exact value, where no other bound is stated. Arguments are Python floats
or float64; ``exp`` and ``log`` also take arrays. Numba compiles the same functions
(``kernels.elementary_functions``).

    exp(x) = 2^k exp(r),           k = round(x / ln 2),       r = x - k ln 2
    log(x) = k ln 2 + log(1 + f),  x = 2^k (1 + f),           sqrt(1/2) <= 1 + f < sqrt(2)
    sin(x), cos(x)                 from sin(y) and cos(y),    y = x - k pi/2,  |y| <= pi/4

Source: the polynomials are those of FDLIBM (Sun Microsystems, 1993), https://netlib.org/fdlibm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts; a whole number below 2^20 times the first is exact."""

INVERSE_LN2 = 1.44269504088896338700e00
SQRT_HALF = 7.07106781186547524401e-01
LOWEST = -1000.0
"""An exponent whose exponential is 0."""

E1, E2, E3, E4, E5 = (
    1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05,
    -1.65339022054652515390e-06, 4.13813679705723846039e-08,
)  # fmt: skip
L1, L2, L3, L4, L5, L6, L7 = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
    1.479819860511658591e-01,
)  # fmt: skip
S1, S2, S3, S4, S5, S6 = (
    -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
    2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10,
)  # fmt: skip
C1, C2, C3, C4, C5, C6 = (
    4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
    -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11,
)  # fmt: skip
HALF_PI_HIGH, HALF_PI_LOW = 1.57079632673412561417e00, 6.07710050650619224932e-11
INVERSE_HALF_PI = 6.36619772367581382433e-01


def at_least(x: Any, low: Any) -> Any:
    """The larger of ``x`` and ``low``."""
    return np.maximum(x, low) if isinstance(x, np.ndarray) else max(x, low)


def whole(x: Any) -> Any:
    """The largest whole number that is not above ``x``, as an integer."""
    return np.floor(x).astype(np.int64) if isinstance(x, np.ndarray) else math.floor(x)


def scaled(x: Any, k: Any) -> Any:
    """x 2^k, exactly."""
    return np.ldexp(x, k) if isinstance(x, np.ndarray) else math.ldexp(x, k)


def split(x: Any) -> tuple[Any, Any]:
    """(m, k) with x = m 2^k and 1/2 <= m < 1."""
    return np.frexp(x) if isinstance(x, np.ndarray) else math.frexp(x)


def exp(x: Any) -> Any:
    """e^x for x < 709, above which it overflows."""
    x = at_least(x, LOWEST)
    k = whole(x * INVERSE_LN2 + 0.5)
    high, low = x - k * LN2_HIGH, k * LN2_LOW
    r = high - low
    z = r * r
    c = r - z * (E1 + z * (E2 + z * (E3 + z * (E4 + z * E5))))
    return scaled(1.0 - ((low - r * c / (2.0 - c)) - high), k)


def log(x: Any) -> Any:
    """ln x for x > 0."""
    m, exponent = split(x)
    small = m < SQRT_HALF
    f = m * (1 + small) - 1.0
    k = exponent - 1 * small
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    r = w * (L2 + w * (L4 + w * L6)) + z * (L1 + w * (L3 + w * (L5 + w * L7)))
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + r) + k * LN2_LOW)) - f)


def log1p(x: Any) -> Any:
    """ln(1 + x) for x > -1, within two ulps; no arrays.

    The sum 1 + x loses digits of x; the factor x / ((1 + x) - 1) makes up for them.
    """
    total = 1.0 + x
    kept = total - 1.0
    return x if kept == 0.0 else log(total) * (x / kept)


def sin(x: Any) -> Any:
    """The sine for |x| <= pi, within 2^-52 of the exact value; no arrays."""
    k, y = _reduced(x)
    value = _cos_near_0(y) if k % 2 else _sin_near_0(y)
    return value if k % 4 < 2 else -value


def cos(x: Any) -> Any:
    """The cosine for |x| <= pi, within 2^-52 of the exact value; no arrays."""
    k, y = _reduced(x)
    value = _sin_near_0(y) if k % 2 else _cos_near_0(y)
    return value if (k + 1) % 4 < 2 else -value


def power(x: Any, n: Any) -> Any:
    """x^n for a whole n >= 0, by repeated squaring."""
    result = 1.0
    while n > 0:
        if n % 2:
            result = result * x
        x = x * x
        n = n // 2
    return result


def _reduced(x: Any) -> tuple[Any, Any]:
    """(k, y) with x = k pi/2 + y and |y| <= pi/4."""
    k = whole(x * INVERSE_HALF_PI + 0.5)
    return k, (x - k * HALF_PI_HIGH) - k * HALF_PI_LOW


def _sin_near_0(y: Any) -> Any:
    z = y * y
    return y + z * y * (S1 + z * (S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)))))


def _cos_near_0(y: Any) -> Any:
    z = y * y
    r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))))
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + z * r)
