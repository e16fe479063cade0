"""A Keras model into a contender of the native engine."""

from __future__ import annotations

from typing import Any

from spikeoff.contenders.base import check_fits
from spikeoff.contenders.gradient.cnn import CNN, CNNConfig
from spikeoff.contenders.gradient.conventional import Conventional
from spikeoff.contenders.gradient.keras import weights
from spikeoff.contenders.gradient.mlp import MLP, Initialisation, MLPConfig
from spikeoff.data import ImageSpec
from spikeoff.data.spec import numbered
from spikeoff.errors import UserError, one_line

FREE = ("name", "trainable", "dtype", "seed", "batch_shape", "quantization_config")
"""Settings of a layer that change no answer."""


def from_keras(model: Any) -> Conventional:
    """The contender that answers as ``model`` does: an ``mlp`` or ``cnn`` on the native engine.

    Args:
        model: of the layers that ``model.keras`` has, its weights whatever they are.

    Raises:
        UserError: it is another network.
    """
    try:
        contender = _untrained(model)
        _check_layers(contender.keras_network(), model)
        state = weights.read(model)
        kept = {name: array for name, array in contender.state().items() if name not in state}
        check_fits(state | kept, contender.state())
    except (ValueError, AttributeError, TypeError, IndexError) as error:
        raise UserError(
            f"the Keras model is no mlp or cnn of this package ({one_line(error)}); take a "
            "model.keras of a run, or one that `spikeoff export` wrote"
        ) from error
    contender.restore(state | kept)
    return contender


def _untrained(model: Any) -> Conventional:
    spec = ImageSpec(tuple(model.input_shape[1:]), numbered(int(model.output_shape[-1])))
    sizes = tuple(
        int(layer.units) for layer in model.layers if layer.name.partition("_")[0] == "hidden"
        and hasattr(layer, "units")
    )  # fmt: skip
    dropout = float(model.get_layer("dropout").rate)
    if model.name == CNN.id:
        return CNN(CNNConfig(n_hidden=sizes[0], dropout=dropout), spec)
    plain = model.get_layer("input_scale").scale == 1
    begun: Initialisation = "kaiming" if plain else "equalised"
    return MLP(MLPConfig(hidden=sizes, dropout=dropout, initialisation=begun), spec)


def _check_layers(expected: Any, model: Any) -> None:
    names = [layer.name for layer in model.layers if layer.name != "probabilities"]
    if names != [layer.name for layer in expected.layers]:
        raise ValueError(f"its layers are {', '.join(names)}")
    for layer in expected.layers:
        ours, theirs = _settings(layer), _settings(model.get_layer(layer.name))
        if ours != theirs:
            differing = [key for key in ours if ours[key] != theirs.get(key)]
            raise ValueError(f"layer {layer.name} differs in {', '.join(differing)}")


def _settings(layer: Any) -> dict[str, Any]:
    return {
        key: value
        for key, value in layer.get_config().items()
        if key not in FREE and not key.endswith("initializer")
    }
