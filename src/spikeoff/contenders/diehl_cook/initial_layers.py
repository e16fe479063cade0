"""From settings and files to a network: sizes, initial weights, delays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.config import MAX_DELAY, DiehlCookConfig
from spikeoff.contenders.diehl_cook.connections import (
    NAMES,
    generate_connection,
    read_connection,
    shapes,
    sizes,
)
from spikeoff.contenders.diehl_cook.network import Constants, Floats, Layer
from spikeoff.data import MNIST
from spikeoff.data.npy import read_array
from spikeoff.errors import UserError
from spikeoff.learning.homeostasis import ThresholdParams
from spikeoff.learning.stdp import TripletParams

DEFAULT_SIZE = 400
THETA = "theta_A"


def make_constants(config: DiehlCookConfig, n_e: int, n_pixels: int = MNIST.n_pixels) -> Constants:
    """The network's constants, for ``n_e`` neurons of the first layer."""
    sums: tuple[float, ...] = (config.weight_sum * (n_pixels / MNIST.n_pixels),)
    gains: tuple[float, ...] = (1.0,)
    if config.n_e2:
        second = n_e / 10 if config.weight_sum_2 is None else config.weight_sum_2
        sums, gains = (*sums, second), (*gains, config.gain_2)
    return Constants(
        dt=config.dt,
        example_steps=round(1000 * config.example_time / config.dt),
        resting_steps=round(1000 * config.resting_time / config.dt),
        weight_sums=sums,
        gains=gains,
        threshold=ThresholdParams(plus=config.theta_plus),
        stdp=TripletParams(nu_pre=config.nu_pre, nu_post=config.tuning.nu_post),
    )


def find_weights(data_path: Path, ending: str = "") -> Path | None:
    """The folder with ``XeAe<ending>.npy``: ``data_path`` or its ``random``; None for neither."""
    for folder in (data_path, data_path / "random"):
        if (folder / f"XeAe{ending}.npy").is_file():
            return folder
    return None


def make_layers(config: DiehlCookConfig, n_pixels: int = MNIST.n_pixels) -> tuple[list[Layer], str]:
    """Initial layers, and one line that says where their weights are from.

    Raises:
        UserError: a file is damaged or of another size than asked for.
    """
    folder = find_weights(config.data_path) if config.data_path else None
    if folder is None:
        n_e = config.n_e or DEFAULT_SIZE
        n_i = config.n_i or n_e
        made = generate(n_e, n_i, config.seed, ("XeAe", *_fixed(config)), n_pixels)
        first = _layer(config, made, start_theta(n_e))
        sought = f"; none in {config.data_path}" if config.data_path else ""
        note = f"initial weights generated from seed {config.seed}{sought}"
    else:
        first = read_layer(config, folder, n_pixels=n_pixels)
        note = f"initial weights read from {folder}"
    layers = [first]
    if config.n_e2:
        layers.append(_second_layer(config, first.size))
    return layers, note


def generate(
    n_e: int, n_i: int, seed: int, names: Sequence[str] = NAMES, n_pixels: int = MNIST.n_pixels
) -> dict[str, Floats]:
    """The generator's weights of the connections named."""
    return {name: generate_connection(name, n_e, n_i, seed, n_pixels).weights for name in names}


def read_layer(
    config: DiehlCookConfig, folder: Path, ending: str = "", n_pixels: int = MNIST.n_pixels
) -> Layer:
    """The first layer from files in the list form; AeAi, AiAe and theta may be missing.

    Args:
        config: the settings; sizes given there must be those of the files.
        folder: where the files are.
        ending: of the names of XeAe and theta_A, as checkpoints have it.
        n_pixels: of an image.

    Raises:
        UserError: a file is damaged, or of another size.
    """
    path = folder / f"XeAe{ending}.npy"
    n_inputs, n_e = sizes(path)
    if n_inputs != n_pixels:
        raise UserError(
            f"{path}: has {n_inputs} inputs; these images need {n_pixels}, one for each pixel"
        )
    if config.n_e not in (None, n_e):
        raise UserError(
            f"`n_e` (={config.n_e}) does not fit {path}, which holds {n_e} neurons; "
            "leave --n_e out, or name another --data_path"
        )
    back = folder / "AiAe.npy"
    n_i = config.n_i or (sizes(back)[0] if back.is_file() else n_e)
    made = {"XeAe": read_connection(path, (n_pixels, n_e), complete=True)}
    for name in _fixed(config):
        file = folder / f"{name}.npy"
        shape = shapes(n_e, n_i, n_pixels)[name]
        made[name] = (
            read_connection(file, shape)
            if file.is_file()
            else generate(n_e, n_i, config.seed, (name,), n_pixels)[name]
        )
    theta_path = folder / f"{THETA}{ending}.npy"
    theta = read_theta(theta_path, n_e) if theta_path.is_file() else start_theta(n_e)
    return _layer(config, made, theta)


def read_theta(path: Path, n_e: int) -> Floats:
    """Adaptive thresholds [n_e] (mV) from a file; those of Brian code in V are understood.

    Raises:
        UserError: the file is damaged or of another size.
    """
    theta = read_array(path).astype(np.float64).ravel()
    if len(theta) != n_e:
        raise UserError(
            f"{path}: has {len(theta)} thresholds for {n_e} neurons; one each is needed"
        )
    if not np.isfinite(theta).all() or (theta < 0).any():
        raise UserError(f"{path}: a threshold is negative or no number; write the file again")
    return theta * 1000 if theta.max() < 1 else theta


def start_theta(n_e: int) -> Floats:
    """Thresholds before anything was learned."""
    return np.full(n_e, ThresholdParams().start)


def _fixed(config: DiehlCookConfig) -> tuple[str, ...]:
    """The connections that do not learn."""
    return ("AeAi", "AiAe", "XeAi") if config.connect_xeai else ("AeAi", "AiAe")


def _layer(config: DiehlCookConfig, made: dict[str, Floats], theta: Floats) -> Layer:
    weights = np.ascontiguousarray(made["XeAe"].T)
    layer = Layer(weights, _delays(config, 1, weights), made["AeAi"], made["AiAe"], theta)
    if not config.connect_xeai:
        return layer
    feed = np.ascontiguousarray(made["XeAi"].T)
    return replace(layer, input_to_inhibitory=feed, input_delays=_delays(config, 3, feed))


def _delays(config: DiehlCookConfig, stream: int, weights: Floats) -> NDArray[np.uint8]:
    """Steps from an input's spike to its arrival, of the shape of ``weights``; U(0, 10 ms)."""
    rng = np.random.default_rng([config.seed, stream])
    delays = np.floor(rng.random(weights.shape) * MAX_DELAY / config.dt + 0.5)
    return delays.astype(np.uint8)


def _second_layer(config: DiehlCookConfig, n_inputs: int) -> Layer:
    n = config.n_e2
    rng = np.random.default_rng([config.seed, 2])
    made = generate(n, n, config.seed, ("AeAi", "AiAe"))
    return Layer(
        0.3 * (rng.random((n, n_inputs)) + 0.01), np.zeros((n, n_inputs), np.uint8),
        made["AeAi"], made["AiAe"], start_theta(n),
    )  # fmt: skip
