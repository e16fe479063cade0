"""Weights from PyTorch's layout into Keras' and back, bit for bit.

             PyTorch                        Keras
dense        [outputs, inputs]              [inputs, outputs]
convolution  [outputs, inputs, rows, cols]  [rows, cols, inputs, outputs]
flattened    channel by channel             place by place
norm         weight, bias, running_mean, running_var in both
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.base import State

NORM = ("weight", "bias", "running_mean", "running_var")


def load(network: Any, state: State) -> None:
    """Give a Keras network the weights of ``state``, which has PyTorch's names and layout."""
    maps: NDArray[Any] | None = None
    for name in dict.fromkeys(key.partition(".")[0] for key in state):
        weight = state[f"{name}.weight"]
        if f"{name}.running_mean" in state:
            arrays = [state[f"{name}.{part}"] for part in NORM]
        elif weight.ndim == 4:
            maps = weight  # those of the last convolution are flattened into ``hidden``
            arrays = [weight.transpose(2, 3, 1, 0)]
        else:
            if name == "hidden" and maps is not None:
                weight = _by_place(weight, len(maps))
            bias = state.get(f"{name}.bias")
            arrays = [weight.T] if bias is None else [weight.T, bias]
        network.get_layer(name).set_weights(arrays)


def read(network: Any) -> State:
    """The weights of a Keras network, with PyTorch's names and layout."""
    held = {layer.name: layer.get_weights() for layer in network.layers if layer.weights}
    maps: NDArray[Any] | None = None
    state: State = {}
    for name, arrays in held.items():
        if name.startswith("dropout"):  # its seed
            continue
        if len(arrays) == len(NORM):
            state |= {f"{name}.{part}": array for part, array in zip(NORM, arrays, strict=True)}
            continue
        kernel, *bias = arrays
        if kernel.ndim == 4:
            maps = kernel
            weight = kernel.transpose(3, 2, 0, 1)
        else:
            weight = kernel.T
            if name == "hidden" and maps is not None:
                weight = _by_channel(weight, maps.shape[-1])
        state[f"{name}.weight"] = np.ascontiguousarray(weight)
        state |= {f"{name}.bias": array for array in bias}
    return state


def _by_place(weight: NDArray[Any], channels: int) -> NDArray[Any]:
    """[n, channels x places] -> [n, places x channels]."""
    n, inputs = weight.shape
    return weight.reshape(n, channels, inputs // channels).transpose(0, 2, 1).reshape(n, inputs)


def _by_channel(weight: NDArray[Any], channels: int) -> NDArray[Any]:
    """[n, places x channels] -> [n, channels x places]."""
    n, inputs = weight.shape
    return weight.reshape(n, inputs // channels, channels).transpose(0, 2, 1).reshape(n, inputs)
