"""A NIR graph as a contender: ``spikeoff train network.nir``, and beside others in a race."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import nn

from spikeoff.coding import CodingName
from spikeoff.contenders.base import Contender, require
from spikeoff.contenders.effects import setting
from spikeoff.contenders.gradient.nir.module import NIRNetwork
from spikeoff.contenders.gradient.nir.neurons import (
    INTEGRATIONS,
    Integration,
    Integrator,
    Neurons,
)
from spikeoff.contenders.gradient.own_network import (
    OwnNetwork,
    OwnNetworkConfig,
    config_type_of,
)
from spikeoff.contenders.nir_file import NIRFile, read
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.errors import UserError

CODED_BY = ("coding", "n_steps", "max_rate", "levels")
"""Metadata of a graph, in which an export says how its input spikes are made."""


@dataclass(frozen=True, kw_only=True)
class NIRConfig(OwnNetworkConfig):
    """A graph in a NIR file; its weights are kept as they are."""

    epochs: int = setting(1, searched=False)
    """Of no effect: the weights are those of the file."""
    coding: CodingName | None = "rate"
    """How pixels become input spikes [n, steps, pixels]; by default as the file says, else rate."""
    dt: float = 1.0
    """Time step (ms) of nodes whose metadata do not name theirs."""
    integration: Integration = "exact"
    """How a step solves LI, LIF, I and IF nodes: exact for constant input; or euler, forward Euler,
    as snnTorch does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("dt", self.dt, 0 < self.dt <= 1000, "above 0 and at most 1000 ms")
        require("integration", self.integration, self.integration in INTEGRATIONS,
                " or ".join(INTEGRATIONS))  # fmt: skip
        require("coding", self.coding, self.coding is not None, "the name of a coding by spikes")


class NIRContender(OwnNetwork):
    """A graph of NIR in the race."""

    config: NIRConfig
    config_type = NIRConfig
    file: ClassVar[NIRFile]
    path: ClassVar[Path]

    def __init__(self, config: NIRConfig, spec: ImageSpec = MNIST) -> None:
        super().__init__(config, spec)
        self.notes = (f"weights as in {self.path}; nothing is trained",)
        nodes = list(self.module.get_submodule("nodes").children())
        models = [one.model for one in nodes if isinstance(one, Neurons)]
        synapses = [one.synapse for one in nodes if isinstance(one, Integrator)]
        if len(set(models)) == 1:
            self.neuron = models[0]
            if len(synapses) == len(models) and len(set(synapses)) == 1:  # every layer has one
                self.neuron = f"{models[0]}+{synapses[0]}"

    @classmethod
    def module_of(cls, config: NIRConfig) -> NIRNetwork:
        """The module of the graph.

        Raises:
            UserError: the graph cannot run here.
        """
        return NIRNetwork(cls.file, cls.path, config.dt, config.integration)

    def build(self) -> nn.Module:
        """The module, which must take the pixels of the images."""
        network = self.module_of(self.config)
        taken = math.prod(network.input_shape)
        if taken != self.spec.n_pixels:
            raise UserError(
                f"{self.path}: takes {taken} inputs; these images have {self.spec.n_pixels} pixels"
            )
        if not any(True for _ in network.parameters()):
            raise UserError(f"{self.path}: has no weights")
        return network

    def passes(self, epochs: int, n_images: int) -> range:
        """One, in which nothing is trained."""
        del epochs, n_images
        return range(1, 2)

    def warm_up(self, images: Images) -> None:
        """A recording; there is no way back."""
        self.record(images)


@functools.cache
def contender_of_file(name: str, changed: int) -> type[Contender]:
    """The contender of the graph at the path ``name``; ``changed``: when the file was.

    Raises:
        UserError: there is no readable graph.
    """
    del changed
    path = Path(name)
    file = read(path)
    given = {key: file.metadata[key] for key in CODED_BY if key in file.metadata}
    given = {key: _plain(value) for key, value in given.items()}
    content: dict[str, Any] = {
        "id": name, "title": path.stem, "file": file, "path": path, "__doc__": NIRContender.__doc__,
        "config_type": config_type_of(name, given, NIRConfig),
    }  # fmt: skip
    return type("NIRContender", (NIRContender,), content)


def _plain(value: Any) -> Any:
    """A value of metadata as a setting has it."""
    held = np.asarray(value)
    return tuple(held.tolist()) if held.ndim else held.item()
