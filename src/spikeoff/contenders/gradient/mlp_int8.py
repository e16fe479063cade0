"""``mlp-int8``: the perceptron with 8-bit weights and activations of a few bits.

Trained as ``mlp`` is, with both rounded in every step. A spiking network of T steps tells T + 1
numbers of spikes apart, so a neuron's activation matches it in ceil(log2(T + 1)) bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from spikeoff.contenders.base import Outputs, Response, State, require
from spikeoff.contenders.gradient import layer_lists
from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.contenders.gradient.quantised import WEIGHT_BITS, RoundedPerceptron
from spikeoff.contenders.layer_list import Layer
from spikeoff.data import Images
from spikeoff.errors import UserError
from spikeoff.ledger.account import Footprint

MAX_BITS = 16


@dataclass(frozen=True, kw_only=True)
class MLPInt8Config(MLPConfig):
    """The perceptron with rounded weights and activations, trained by Adam."""

    activation_bits: int = 5
    """Bits of an activation, pixels included; a spiking network of T steps has ceil(log2(T + 1)):
    5 for the 20 steps of izhikevich-stdp. Weights have 8."""

    def __post_init__(self) -> None:
        super().__post_init__()
        bits = self.activation_bits
        require("activation_bits", bits, 1 <= bits <= MAX_BITS, f"from 1 to {MAX_BITS}")
        require("engine", self.engine, self.engine == "native", "native: only that engine rounds")


class MLPInt8(MLP):
    """The perceptron with rounded weights and activations."""

    config: MLPInt8Config
    module: RoundedPerceptron
    id = "mlp-int8"
    title = "Multilayer perceptron, 8-bit weights"
    config_type = MLPInt8Config
    outputs = Outputs(
        metrics="metrics.csv",
        confusion="confusion_matrix.png",
        analysis="training_analysis.png",
        log="training.log",
    )
    search_space: ClassVar[dict[str, str]] = MLP.search_space

    def build(self) -> nn.Module:
        """The network, with the initial weights of ``mlp``."""
        config, spec = self.config, self.spec
        sizes = (spec.n_pixels, *config.hidden, spec.n_classes)
        return RoundedPerceptron(
            config.activation_bits, sizes, config.dropout, config.initialisation, config.mask(spec)
        )

    def keras_network(self) -> Any:
        """There is none: Keras' layers do not round.

        Raises:
            UserError: always.
        """
        raise UserError("mlp-int8 has no Keras model, as its layers do not round; export a run "
                        "of mlp or cnn")  # fmt: skip

    def layer_list(self) -> tuple[Layer, ...]:
        """Those of ``mlp``, with rounded activations and weights."""
        self.module.eval()
        with torch.no_grad():
            return layer_lists.rounded_perceptron(self.module)

    def state(self) -> State:
        """What the network answers with.

        By layer: int8 codes of its weights, their step by neuron, biases; the top of its
        activations. A weight is its code times its neuron's step.
        """
        state: dict[str, torch.Tensor] = {}
        for name, (rounded, weight) in self.module.rounding().items():
            state[f"{name}.weight"] = rounded.codes(weight)
            state[f"{name}.step"] = rounded.step
        for name, layer, activation in self._hidden():
            state[f"{name}.bias"] = layer.bias
            state[f"{name}.top"] = activation.top
        return {name: value.detach().cpu().numpy().copy() for name, value in state.items()}

    def restore(self, state: State) -> None:
        """Take over what ``state`` returned; learning would go on from the rounded weights."""
        held = {name: torch.from_numpy(array) for name, array in state.items()}
        with torch.no_grad():
            for name, (rounded, weight) in self.module.rounding().items():
                rounded.step.copy_(held[f"{name}.step"])
                codes = held[f"{name}.weight"].to(weight.device)
                weight.copy_(codes * rounded.step[:, None])
            for name, layer, activation in self._hidden():
                layer.bias.copy_(held[f"{name}.bias"])
                activation.top.copy_(held[f"{name}.top"])

    def weight_names(self) -> tuple[str, ...]:
        """The codes of the weights; each counts in the steps of its neuron."""
        return tuple(f"{name}.weight" for name in self.module.rounding())

    def footprint(self) -> Footprint:
        """One byte per weight that exists, four per bias and step."""
        biases = sum(self.config.hidden)
        weights = self.parameter_count() - biases
        steps = sum(len(rounded.step) for rounded, _ in self.module.rounding().values())
        return Footprint(weights * WEIGHT_BITS // 8 + 4 * (biases + steps), 0)

    def record_extras(self, images: Images, response: Response) -> dict[str, Any]:
        """The bits of a weight and of an activation."""
        del images, response
        return {"bits": {"weight": WEIGHT_BITS, "activation": self.config.activation_bits}}

    def _hidden(self) -> list[tuple[str, nn.Linear, Any]]:
        """Name, layer and rounding of each hidden layer."""
        module = self.module
        layers = module.hidden_layers()
        return list(zip(module.names, layers, module.activations, strict=True))
