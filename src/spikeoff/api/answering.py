"""A trained network that answers images: what ``Run`` and ``NIRGraph`` have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.contenders.hardware import settings_restored
from spikeoff.data.network_input import given_images

if TYPE_CHECKING:
    from spikeoff.contenders.base import Contender, Response
    from spikeoff.data.spec import ImageSpec
    from spikeoff.ledger.recording import Recording


class Answering(ABC):
    """Answers images, and records what it does."""

    network: Contender
    """The trained network, on the CPU and on our engine."""

    @property
    @abstractmethod
    def _spec(self) -> ImageSpec:
        """Of the images that it takes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; an answer is the place of its name among them."""
        return self._spec.classes

    def predict(self, images: Any) -> NDArray[np.uint8]:
        """[n] the class of each image; ``classes`` has the names.

        Args:
            images: a part of a data set (``data.test``), or an array [n, *shape] or [n, pixels] of
                bytes, 0 being background, or of floats from 0 to 1.

        Raises:
            UserError: the images are of another shape or range, or a file of the run is missing.
        """
        return self.respond(images).labels

    def respond(self, images: Any) -> Response:
        """The network's answers: ``scores`` [n, classes] float32, and ``hidden`` spike counts.

        ``hidden`` is [n, neurons] where answers are computed from spike counts, else None.
        Arguments and errors as in ``predict``.
        """
        given = given_images(images, self._spec)
        with settings_restored():
            return self.network.respond(given)

    def record(self, images: Any, every: int | None = None) -> Recording:
        """What the network does on these images: events by population and step, answers by then.

        Arguments and errors as in ``predict``; ``every`` is the largest number of steps between two
        readings, chosen by the network where None.
        """
        given = given_images(images, self._spec)
        with settings_restored():
            return self.network.record(given, every)
