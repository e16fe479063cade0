"""A NIR graph that answers images, from Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikeoff.api.answering import Answering
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.gradient.nir.module import spec_of
from spikeoff.contenders.hardware import settings_restored
from spikeoff.contenders.registry import find
from spikeoff.data.network_input import given_images
from spikeoff.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from spikeoff.data.spec import ImageSpec
    from spikeoff.ledger.operations import Operations


class NIRGraph(Answering):
    """The network of a NIR file. ``load_nir`` makes it.

    network: the contender, with ``account(images)``, ``synapses()`` and the rest.
    """

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        kind: Any = find(name)
        config = from_plain(kind.config_type, {"device": "cpu", **settings})
        with settings_restored():
            spec = spec_of(kind.module_of(config))
            self.network = kind(config, spec)

    @property
    def _spec(self) -> ImageSpec:
        return self.network.spec

    @property
    def module(self) -> nn.Module:
        """The module of PyTorch: spikes [n, steps, pixels] to scores by step."""
        module: nn.Module = vars(self.network)["module"]
        return module

    def operations(self, images: Any) -> Operations:
        """Operations per image: synaptic ones, dense and effective, and updates of neurons.

        Arguments and errors as in ``predict``; ``docs/ledger.md`` explains each.
        """
        given = given_images(images, self._spec)
        with settings_restored():
            return self.network.account(given).operations

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self._spec.shape))
        return f"<NIRGraph {self.network.id}: {shape} to {len(self.classes)} classes>"


def load_nir(path: str | os.PathLike[str], **settings: Any) -> NIRGraph:
    """The network in a NIR file, ready to answer; its weights are kept as they are.

    Args:
        path: the file; its name ends in .nir.
        settings: how pixels become input spikes and time passes: coding, n_steps, max_rate, seed,
            dt, integration, num_threads (``spikeoff train FILE.nir --help`` explains them). By
            default as the file says, where spikeoff wrote it.

    Raises:
        UserError: there is no readable graph, it has a node that is not known or a cycle, or a
            setting is wrong; or the extra ``nir`` is missing.
    """
    name = os.fspath(Path(path).expanduser())
    if not name.endswith(".nir"):
        raise UserError(f"{name}: the name of a NIR file must end in .nir")
    return NIRGraph(name, settings)
