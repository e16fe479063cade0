"""What the network leaves in a run's folder, under the names of the circulated code.

    XeAe.npy AeAi.npy AiAe.npy       connections in the list form; AeBe, BeBi, BiBe of layer two,
                                     and XeAi where it is connected
    theta_A.npy theta_B.npy          adaptive thresholds [n_e] (mV)
    result_monitor_<E>.npy           responses [images, neurons]
    input_numbers_<E>.npy            digits of these images
    checkpoint_<N>.safetensors       everything that training needs to go on, exactly

Connections and thresholds of a checkpoint end with the images seen, as in ``XeAe5000.npy``. <E> is
such a number, ``training`` for the responses that label the trained network, or ``final`` for
those to the test images.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.diehl_cook.connections import write_connection
from spikeoff.contenders.diehl_cook.network import Layer
from spikeoff.data.npy import read_array, write_array
from spikeoff.data.spec import MAX_CLASSES
from spikeoff.data.tensors import read_tensors, write_tensors
from spikeoff.errors import UserError

if TYPE_CHECKING:
    from spikeoff.contenders.base import State
    from spikeoff.contenders.diehl_cook.config import DiehlCookConfig

TRAINING, FINAL = "training", "final"
RESULTS = Path("results")
"""Where the seed's script leaves its runs."""

LAYER_NAMES = (("X", "A"), ("A", "B"))

NEEDED = ("weights", "delays", "to_inhibitory", "to_excitatory", "theta")
OPTIONAL = ("input_to_inhibitory", "input_delays")
"""Arrays of a layer as a state names them, each with the layer's number behind it."""


def write_layers(folder: Path, layers: list[Layer], ending: str) -> None:
    """Connections and thresholds; fixed connections only with the final ones, which end in ''."""
    for (source, target), layer in zip(LAYER_NAMES, layers, strict=False):
        kind = "" if source == "X" else "e"
        inputs = f"{source}{kind or 'e'}{target}e"
        write_connection(folder / f"{inputs}{ending}.npy", layer.weights.T)
        write_array(folder / f"theta_{target}{ending}.npy", layer.theta)
        if not ending:
            out, back = layer.to_inhibitory, layer.to_excitatory
            write_connection(folder / f"{target}e{target}i.npy", out, out != 0)
            write_connection(folder / f"{target}i{target}e.npy", back, back != 0)
            if layer.input_to_inhibitory.any():
                feed = layer.input_to_inhibitory.T
                write_connection(folder / f"{source}e{target}i.npy", feed, feed != 0)


def write_responses(
    folder: Path, responses: NDArray[np.int32], labels: NDArray[np.uint8], ending: str
) -> None:
    """Responses, in 16 bits where these hold them, and the digits that evoked them."""
    held = np.promote_types(np.int16, np.min_scalar_type(int(responses.max(initial=0))))
    write_array(folder / f"result_monitor_{ending}.npy", responses.astype(held))
    write_array(folder / f"input_numbers_{ending}.npy", labels)


def read_responses(folder: Path, ending: str) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """What ``write_responses`` wrote.

    Raises:
        UserError: a file is missing or damaged, or the two do not fit.
    """
    return read_response_files(
        folder / f"result_monitor_{ending}.npy", folder / f"input_numbers_{ending}.npy"
    )


def read_response_files(
    monitor: Path, numbers: Path
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Responses [images, neurons] and the digits [images] that evoked them.

    Raises:
        UserError: a file is missing or damaged, or the two do not fit.
    """
    responses, labels = read_array(monitor), read_array(numbers)
    if responses.ndim != 2 or not responses.size:
        raise UserError(f"{monitor}: its shape is {responses.shape}; [images, neurons] is needed")
    if labels.shape != responses.shape[:1]:
        raise UserError(
            f"{numbers}: has {labels.size} digits for the {len(responses)} responses in "
            f"{monitor.name}; both must be of one run"
        )
    if not np.isin(labels, np.arange(MAX_CLASSES)).all():
        raise UserError(f"{numbers}: holds something other than labels from 0 to {MAX_CLASSES - 1}")
    whole = np.asarray(responses)
    if not ((whole >= 0) & (whole <= 1_000_000) & (whole == np.floor(whole))).all():
        raise UserError(f"{monitor}: holds something other than counts of spikes")
    return whole.astype(np.int32), np.asarray(labels).astype(np.uint8)


def write_checkpoint(folder: Path, state: State, examples: int) -> None:
    """Everything that training needs to go on after so many images."""
    write_tensors(folder / f"checkpoint_{examples}.safetensors", state)


def find_checkpoint(config: DiehlCookConfig, examples: int) -> tuple[Path, State]:
    """The checkpoint after so many images, from the places where one may be.

    Raises:
        UserError: there is none, or it is damaged.
    """
    name = f"checkpoint_{examples}.safetensors"
    data = config.data_path
    inner = [] if data is None else [data, data / "weights", data / "random"]
    sought = [place for place in (config.save_path, *inner, RESULTS) if place is not None]
    for place in sought:
        path = place / name
        if path.is_file():
            return path, read_tensors(path)
    raise UserError(
        f"`resume_from` (={examples}): no {name} in {', '.join(map(str, sought))}; "
        "checkpoints are written every --save_interval images"
    )


def layers_of(state: State) -> list[Layer]:
    """The layers that a state holds.

    Raises:
        UserError: it is not that of this network.
    """
    layers = []
    try:
        for number in range(2 if "weights_1" in state else 1):
            names = [*NEEDED, *(name for name in OPTIONAL if f"{name}_{number}" in state)]
            arrays: dict[str, NDArray[Any]] = {
                name: state[f"{name}_{number}"].astype(np.uint8 if "delays" in name else float)
                for name in names
            }
            layers.append(Layer(**arrays))
    except KeyError as error:
        raise UserError(f"not a state of diehl-cook: {error} is missing") from error
    return layers
