"""A PyTorch module of the user's own as a contender: ``spikeoff train my_package:MyNet``.

The module takes pictures [n, channels, height, width] from 0 to 1, or with a ``coding`` input
spikes [n, steps, pixels] of 0 and 1. It returns scores [n, classes], or [n, steps, classes] whose
sum over steps is the score. Without a ``fit`` of its own, the loop of this package trains it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any, ClassVar, get_type_hints

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.coding import EVALUATION, CodingName, InputCoding
from spikeoff.coding.levels import LEVELS, check_levels
from spikeoff.contenders.base import Config, Contender, Outputs, Response, Step, require
from spikeoff.contenders.gradient.trainer import GradientConfig, GradientContender
from spikeoff.contenders.registry import find
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.errors import UserError, one_line
from spikeoff.kernels.input_coding import input_events
from spikeoff.ledger.module_recording import ModuleRecorder
from spikeoff.ledger.recording import Recording, Synapses
from spikeoff.ledger.step_recording import StepRecorder, is_neuron

SETTINGS = "spikeoff_settings"
"""Attribute of a module's class with other defaults than those of ``OwnNetworkConfig``."""

Make = Callable[..., nn.Module]


@dataclass(frozen=True, kw_only=True)
class OwnNetworkConfig(GradientConfig):
    """A PyTorch module of your own, trained by Adam or by its own ``fit``."""

    epochs: int = 10
    learning_rate: float = 0.001
    coding: CodingName | None = None
    """How pixels become input spikes [n, steps, pixels]; by default the module takes pictures."""
    n_steps: int = 25
    """Number of time steps for which an image is shown; for a coding."""
    max_rate: float = 1.0
    """Probability that a pixel of value 255 fires at a step; for coding rate and poisson."""
    levels: tuple[int, ...] = LEVELS
    """Falling levels, one per step; for coding threshold."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("n_steps", self.n_steps, self.n_steps >= 1, "at least 1")
        require("max_rate", self.max_rate, 0 < self.max_rate <= 1, "above 0 and at most 1")
        require("coding", self.coding, self.coding != "direct",
                "left out: direct is no coding by spikes; without one the module takes pictures"
                )  # fmt: skip
        if self.coding == "threshold":
            check_levels(self.levels, self.n_steps)


class OwnNetwork(GradientContender):
    """A module of the user's own."""

    config: OwnNetworkConfig
    config_type = OwnNetworkConfig
    make: ClassVar[Make]
    engine = "native"
    memory_grows_with = "the module or --batch_size"
    outputs = Outputs("metrics.csv", "confusion_matrix.png", "training_analysis.png", "log.txt")

    def __init__(self, config: OwnNetworkConfig, spec: ImageSpec = MNIST) -> None:
        self.config = config
        super().__init__(config, spec)
        self.spiking = any(is_neuron(one) for one in self.module.modules())
        if self.spiking:
            self.neuron = "lif"

    @classmethod
    def memory_needed(cls, config: GradientConfig, n_images: int, spec: ImageSpec = MNIST) -> None:  # type: ignore[override]
        """Not known."""

    @classmethod
    def sizes(cls, config: Any, spec: ImageSpec = MNIST) -> tuple[int, int]:
        """Not known, and not needed without ``memory_needed``."""
        raise NotImplementedError

    def build(self) -> nn.Module:
        """The module, given the ``ImageSpec`` if its constructor takes an argument ``spec``."""
        make = type(self).make
        try:
            takes = "spec" in inspect.signature(make).parameters
            module = make(spec=self.spec) if takes else make()
        except Exception as error:  # whatever the user's code raises
            raise UserError(f"{self.id}: cannot be constructed: {one_line(error)}") from error
        if not isinstance(module, nn.Module) or not any(True for _ in module.parameters()):
            raise UserError(f"{self.id}: must be a torch.nn.Module with parameters to train")
        return module

    def present(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """The scores of a batch."""
        answer = self._answers(pixels, ids, epoch)
        return answer.sum(1) if answer.ndim == 3 else answer

    def _answers(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """[n, classes], or [n, steps, classes] by step."""
        found = self.module(self._inputs(pixels, ids, epoch))
        n, n_classes = len(pixels), self.spec.n_classes
        shape = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        right = isinstance(shape, tuple) and len(shape) in (2, 3)
        if not right or (shape[0], shape[-1]) != (n, n_classes):
            raise UserError(
                f"{self.id}: forward returned {shape} for {n} images; scores [n, {n_classes}] or "
                f"[n, steps, {n_classes}] are needed"
            )
        scores: torch.Tensor = found
        return scores

    def _inputs(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """What the module takes."""
        if (coding := self._coding()) is None:
            spec = self.spec
            pictures = pixels.float().view(-1, spec.height, spec.width, spec.channels) / 255
            return pictures.permute(0, 3, 1, 2).contiguous()
        if pixels.device.type != "cpu":
            return coding.spikes_torch(
                pixels, torch.as_tensor(ids, device=pixels.device), epoch
            ).float()
        # The same spikes from a kernel; arithmetic on whole tensors takes 20 times as long.
        ids = np.asarray(ids)
        events = input_events(
            coding, Images(pixels.numpy(), np.zeros(len(ids), np.uint8), ids), epoch
        )
        spikes = events.dense().reshape(len(ids), coding.n_steps, -1)
        return torch.from_numpy(spikes).float()

    def _coding(self) -> InputCoding | None:
        config = self.config
        if config.coding is None:
            return None
        return InputCoding(
            config.coding, config.n_steps, config.max_rate, config.levels, config.seed
        )

    def learn(self, images: Images, epoch: int, start: int = 0) -> Iterator[Step]:
        """One pass: by our loop, or one call of the module's own ``fit(batches, epoch)``."""
        if not hasattr(self.module, "fit"):
            yield from super().learn(images, epoch, start)
            return
        self.module.train()
        with self._computing(), self._seeded(epoch, 0):
            self.module.fit(Batches(self, images, epoch), epoch)  # type: ignore[operator]
        yield Step(len(images), None, None)

    def _learn_batch(self, images: Images, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        with self._seeded(epoch, self.steps_done):
            return super()._learn_batch(images, rows, epoch)

    def _seeded(self, epoch: int, step: int) -> Any:
        """PyTorch's generator seeded for a batch, so that dropout resumes exactly."""
        return _Seeded([self.settings.seed, epoch, step])

    def record(self, images: Images, every: int | None = None) -> Recording:
        """By hooks on the module's layers.

        Readings are one per step if the module returns scores by step, else one in all.
        """
        del every
        if not self.spiking:
            return super().record(images)
        parts: list[NDArray[np.float32]] = []
        self.module.eval()
        with self._computing(), torch.no_grad(), StepRecorder(self.module) as recorder:
            for first in range(0, len(images), self.evaluation_batch):
                part = slice(first, first + self.evaluation_batch)
                pixels = torch.from_numpy(images.flat[part]).to(self.device)
                parts.append(
                    self._answers(pixels, images.ids[part], EVALUATION).float().cpu().numpy()
                )
        scores = np.concatenate(parts)
        if scores.ndim == 2:
            scores = scores[:, None]
        return recorder.recording(scores.cumsum(axis=1, dtype=np.float32))

    def synapses(self) -> tuple[Synapses, ...]:
        """Those of the module's Linear and Conv2d layers."""
        kind: Any = StepRecorder if self.spiking else ModuleRecorder
        blank = torch.zeros((1, self.spec.n_pixels), dtype=torch.uint8, device=self.device)
        self.module.eval()
        with self._computing(), torch.no_grad(), kind(self.module) as recorder:
            self._answers(blank, np.zeros(1, np.int64), EVALUATION)
        found: tuple[Synapses, ...] = recorder.synapses()
        return found

    def input_spikes(self, images: Images) -> NDArray[np.uint8] | None:
        """Those of the coding, if there is one."""
        coding = self._coding()
        return None if coding is None else coding.spikes(images, EVALUATION)

    def respond_to_spikes(self, images: Images, spikes: NDArray[np.uint8]) -> Response:
        """Answer these spikes instead."""
        del images
        self.module.eval()
        with self._computing(), torch.no_grad():
            found = self.module(torch.from_numpy(spikes).float().to(self.device))
        scores = found.sum(1) if found.ndim == 3 else found
        return Response(scores.float().cpu().numpy())


class Batches:
    """What ``fit`` goes through: batches (inputs, labels) in the epoch's order; has a length."""

    def __init__(self, network: OwnNetwork, images: Images, epoch: int) -> None:
        self._network, self._images, self._epoch = network, images, epoch
        settings = network.settings
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(images))
        self._rows = [
            order[k : k + settings.batch_size] for k in range(0, len(order), settings.batch_size)
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for rows in self._rows:
            batch = self._network.training_images(self._images, rows, self._epoch)
            device = self._network.device
            pixels = torch.from_numpy(batch.flat).to(device)
            labels = torch.from_numpy(batch.labels).long().to(device)
            yield self._network._inputs(pixels, batch.ids, self._epoch), labels


class _Seeded:
    """PyTorch's global generator, seeded here and as before afterwards; a context manager."""

    def __init__(self, key: list[int]) -> None:
        self._seed = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
        self._fork = torch.random.fork_rng(devices=[])

    def __enter__(self) -> None:
        self._fork.__enter__()
        torch.default_generator.manual_seed(self._seed)

    def __exit__(self, *error: Any) -> None:
        self._fork.__exit__(*error)


@functools.cache
def contender_of(make: Make, name: str) -> type[Contender]:
    """The contender ``name`` around a class of modules, or a function that makes one.

    Raises:
        UserError: its ``spikeoff_settings`` are no settings.
    """
    title = name.partition(":")[2]
    given: Mapping[str, Any] = getattr(make, SETTINGS, {})
    content = {"id": name, "title": title, "make": staticmethod(make), "__doc__": make.__doc__}
    content["config_type"] = config_type_of(name, given)
    return type(title, (OwnNetwork,), content)


def config_type_of(
    name: str, given: Mapping[str, Any], base: type[OwnNetworkConfig] = OwnNetworkConfig
) -> type[Config]:
    """The settings of such networks, with these defaults.

    Raises:
        UserError: one of ``given`` is no setting, or has a value that is not possible.
    """
    if not given:
        return base
    known = {one.name: one for one in fields(base)}
    for key in given:
        if key not in known:
            raise UserError(f"{name}: `{SETTINGS}` has {key!r}, which is no setting; see "
                            f"spikeoff train {name} --help")  # fmt: skip
    hints = get_type_hints(base, include_extras=True)
    made = make_dataclass(
        base.__name__,
        [(key, hints[key], field(default=value, metadata=known[key].metadata))
         for key, value in given.items()],
        bases=(base,), frozen=True, kw_only=True,
        namespace={
            "__doc__": base.__doc__,
            "__reduce__": lambda self: (_config_of, (name, vars(self))),  # to another process
        },
    )  # fmt: skip
    made()  # checks the values
    return made


def _config_of(name: str, settings: Mapping[str, Any]) -> Config:
    """The settings of the network of this name, in a process that may not have made it yet."""
    return find(name).config_type(**settings)
