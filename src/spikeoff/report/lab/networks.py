"""Trained networks as the page takes them: kind, settings and packed arrays.

Each function restates nothing: constants are those that the kernels get, as exact numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from spikeoff.contenders.base import Contender
from spikeoff.contenders.diehl_cook.contender import READING_MS, DiehlCook
from spikeoff.contenders.diehl_cook.files import layers_of
from spikeoff.contenders.diehl_cook.initial_layers import make_constants
from spikeoff.contenders.diehl_cook.readout import Readout
from spikeoff.contenders.gradient.cnn import CNN, Convolutional
from spikeoff.contenders.gradient.layer_sizes import part_name
from spikeoff.contenders.gradient.mlp import MLP, Perceptron
from spikeoff.contenders.gradient.mlp_int8 import MLPInt8
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.izhikevich_stdp.contender import LEAST, IzhikevichSTDP, pair_rule
from spikeoff.neurons.izhikevich import PRESETS
from spikeoff.report.lab.packing import pack, pack_state

Description = dict[str, Any]

NORM_EPSILON = 1e-5
"""Of PyTorch's batch normalisation."""


class UnsupportedError(ValueError):
    """The page cannot run a network; the text says why."""


def describe(contender: Contender) -> Description:
    """What the page needs to run a network.

    Raises:
        UnsupportedError: the page cannot run it.
    """
    if len(contender_shape(contender)) != 2:
        raise UnsupportedError("its images have several channels")
    for kind, description in KINDS.items():
        if isinstance(contender, kind):
            return description(contender)
    raise UnsupportedError(f"the page has no engine for {contender.id}")


def contender_shape(contender: Contender) -> tuple[int, ...]:
    """The shape of its images."""
    return contender.spec.shape


def single(value: float) -> float:
    """A number in single precision, as kernels take it."""
    return float(np.float32(value))


def _numbers(constants: Any) -> dict[str, Any]:
    """The fields of a tuple of constants, in single precision, as numbers that JSON keeps."""
    fields: Mapping[str, Any] = constants._asdict()
    return {
        name: [float(one) for one in value] if isinstance(value, tuple) else float(value)
        for name, value in fields.items()
    }


def _spiking(network: IzhikevichGradient) -> Description:
    config, layers = network.config, network.config.spiking_layers()
    if config.neuron != "izhikevich":
        raise UnsupportedError(f"the page has no neuron {config.neuron}")
    if config.coding == "direct" or layers.readout == "spikes+potential":
        what = "coding direct" if config.coding == "direct" else "readout spikes+potential"
        raise UnsupportedError(f"the page has no {what}")
    numbers = range(1, len(config.hidden) + 1)
    names = [part_name(part, k) for k in numbers for part in ("hidden", "bias")]
    output_gain = 1.0 if layers.linear else config.output_gain
    return {
        "kind": "spiking",
        "arrays": pack_state(network, (*names, "output", "step_weights")),
        "settings": {
            "hidden": list(config.hidden), "n_steps": config.n_steps, "dt": config.dt,
            "linear": layers.linear, "logit_scale": config.logit_scale,
            "current_gain": single(config.current_gain),
            "output_gain": single(output_gain),
            "decays": [single(decay) for decay in layers.decays],
            "neurons": [_numbers(p.constants(config.dt, np.float32)) for p in layers.params],
            "coding": {"name": config.coding, "max_rate": config.max_rate, "seed": config.seed,
                       "levels": list(config.levels)},
        },
    }  # fmt: skip


def _columns(network: IzhikevichSTDP) -> Description:
    config, layout = network.config, network.layout
    for what, has_it in (
        (f"coding {config.coding} for columns", config.coding == "rate"),
        (f"synapse {config.synapse} for columns", config.synapse == "kick"),
        ("readout of several weights per synapse", config.readout_weights == 1),
        ("answer by sums", config.answer == "spikes"),
    ):
        if not has_it:
            raise UnsupportedError(f"the page has no {what}")
    n_classes = network.spec.n_classes
    return {
        "kind": "columns",
        "arrays": pack_state(network, ("hidden", "theta", "output")),
        "settings": {
            "n_steps": config.n_steps, "dt": config.dt,
            "seen": layout.seen().tolist(), "size": layout.size, "share": single(1 / layout.size),
            "gain": single(config.hidden_gain), "output_gain": single(config.output_gain),
            "output_bias": single(config.output_bias), "output_share": single(1 / n_classes),
            "output_decay": single(math.exp(-config.dt / config.output_tau)),
            "slope": single(config.slope),
            "hidden": _numbers(PRESETS[config.hidden].constants(config.dt, np.float32)),
            "output": _numbers(PRESETS[config.output].constants(config.dt, np.float32)),
            "coding": {"name": "rate", "max_rate": config.max_rate, "seed": config.seed},
            "learning": _pair_learning(network) if config.readout == "delta" else None,
        },
    }  # fmt: skip


def _pair_learning(network: IzhikevichSTDP) -> dict[str, Any]:
    """STDP of the columns and the delta rule, at the learning rates that training starts with."""
    config, layout = network.config, network.layout
    return {
        "needs_label": True,
        "stdp_lr": single(config.stdp_lr),
        "hebbian_lr": single(config.hebbian_lr),
        "theta_plus": single(config.theta_plus),
        "window": pair_rule(config, 1).window.tolist(),
        "least": single(LEAST),
        "fields": layout.places(),
        "width": layout.shape[1],
    }


def _competing(network: DiehlCook) -> Description:
    config, state = network.config, network.state()
    layers = layers_of(state)
    if len(layers) > 1:
        raise UnsupportedError("the page has no second layer of excitatory neurons")
    if layers[0].input_to_inhibitory.any():
        raise UnsupportedError("the page has no synapses from the input to inhibitory neurons")
    constants = make_constants(config, *layers[0].weights.shape)
    excitatory, inhibitory = constants.excitatory, constants.inhibitory
    names = ("weights_0", "delays_0", "to_inhibitory_0", "to_excitatory_0", "theta_0")
    readout = Readout(state["means"], state.get("coefficients"), state.get("intercepts"))
    vote = readout.possible(config.tuning.vote)
    learned = vote == "learned"
    votes = readout.coefficients if learned else readout.shares(vote).T
    assert votes is not None
    return {
        "kind": "competing",
        "arrays": pack_state(network, (*names, "intercepts") if learned else names)
        | {"votes": pack(votes)},
        "settings": {
            "n_steps": constants.example_steps, "dt": constants.dt,
            "max_delay": int(layers[0].delays.max(initial=0)),
            "intensity": config.input_intensity, "seed": config.seed,
            "gain": single(constants.gains[0]),
            "response_inhibition": single(config.tuning.response_inhibition),
            "excitatory": _numbers(excitatory.constants(constants.dt, np.float32)),
            "inhibitory": _numbers(inhibitory.constants(constants.dt, np.float32)),
            "base": single(excitatory.v_thresh - constants.threshold.offset),
            "base_i": single(inhibitory.v_thresh),
            "hold": round(excitatory.refractory / constants.dt),
            "hold_i": round(inhibitory.refractory / constants.dt),
            "quiet": 64 * float(np.finfo(np.float32).eps),
            "learned_vote": learned,
            "learning": {
                "needs_label": False,
                "total_steps": constants.example_steps + constants.resting_steps,
                "theta_plus": constants.threshold.plus,
                "theta_decay": math.exp(-constants.dt / constants.threshold.tau),
                "weight_sum": constants.weight_sums[0],
            } | {
                name: single(value) if name[0] in "nw" else value
                for name, value in asdict(constants.stdp).items()
            },
        },
    }  # fmt: skip


def _perceptron(network: MLP) -> Description:
    if isinstance(network, MLPInt8):
        raise UnsupportedError("the page has no rounded activations")
    module = network.module
    assert isinstance(module, Perceptron)
    layers = [
        {"name": name, "n": layer.out_features, "scale": scale}
        for name, layer, scale in zip(
            (*module.names, "output"), module.layers(), module.scales, strict=True
        )
    ]
    names = tuple(f"{layer['name']}.{part}" for layer in layers for part in ("weight", "bias"))
    return {
        "kind": "perceptron",
        "arrays": pack_state(network, names),
        "settings": {"layers": layers},
    }


def _convolutional(network: CNN) -> Description:
    assert isinstance(network.module, Convolutional)
    pooled = [block.pooled for block in network.module.blocks()]
    norm = ("weight", "bias", "running_mean", "running_var")
    numbers = range(1, len(pooled) + 1)
    names = (
        *(f"conv{k}.weight" for k in numbers),
        *(f"norm{k}.{part}" for k in numbers for part in norm),
        "hidden.weight", "hidden.bias", "output.weight", "output.bias",
    )  # fmt: skip
    return {
        "kind": "convolutional",
        "arrays": pack_state(network, names),
        "settings": {
            "padding": network.config.maps(network.spec).padding, "pooled": pooled,
            "n_hidden": network.config.n_hidden, "epsilon": NORM_EPSILON,
        },
    }  # fmt: skip


KINDS: dict[type[Contender], Callable[[Any], Description]] = {
    IzhikevichGradient: _spiking,
    IzhikevichSTDP: _columns,
    DiehlCook: _competing,
    MLP: _perceptron,
    CNN: _convolutional,
}


def readings(contender: Contender) -> int:
    """Steps between two looks at the answer of a network that stops early."""
    if isinstance(contender, DiehlCook):
        return round(READING_MS / contender.config.dt)
    return 1
