"""A step of AdamW in strict mode, weight by weight.

    w <- w - rate decay w
    m <- beta1 m + (1 - beta1) g,    v <- beta2 v + (1 - beta2) g^2
    w <- w - rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)

Source: D. P. Kingma and J. Ba, "Adam", ICLR 2015; I. Loshchilov and F. Hutter, "Decoupled weight
decay regularization", ICLR 2019. PyTorch's own step rounds differently from processor to processor.
"""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from spikeoff.kernels.jit import noalias_kernel
from spikeoff.numerics.functions import power


def adam_step(
    weights: NDArray[Any],
    gradient: NDArray[Any],
    mean: NDArray[Any],
    square: NDArray[Any],
    step: int,
    rate: float,
    betas: tuple[float, float],
    weight_decay: float,
    epsilon: float,
) -> None:
    """Change weights and moments, all [n], in place.

    Args:
        weights: w, which learn.
        gradient: g, by the weights.
        mean: m, the mean gradient.
        square: v, the mean squared gradient.
        step: t, counted from 1.
        rate: step size.
        betas: beta1 and beta2.
        weight_decay: decay.
        epsilon: see above.
    """
    number = weights.dtype.type
    beta1, beta2 = betas
    values = (
        beta1, 1 - beta1, beta2, 1 - beta2, 1 - rate * weight_decay,
        rate / (1 - power(beta1, step)), 1 - power(beta2, step), epsilon,
    )  # fmt: skip
    _step(weights, gradient, mean, square, *map(number, values))


@noalias_kernel
def _step(
    weights: Any, gradient: Any, mean: Any, square: Any,
    beta1: Any, new1: Any, beta2: Any, new2: Any, kept: Any, rate: Any, debias: Any, epsilon: Any,
) -> None:  # fmt: skip
    for k in range(len(weights)):
        g = gradient[k]
        m = beta1 * mean[k] + new1 * g
        v = beta2 * square[k] + new2 * (g * g)
        mean[k], square[k] = m, v
        weights[k] = kept * weights[k] - rate * m / (math.sqrt(v / debias) + epsilon)
