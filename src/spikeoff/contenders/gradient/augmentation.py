"""Settings of augmentation: training images distorted anew in every epoch."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from spikeoff.contenders.base import Config, require
from spikeoff.contenders.gradient.numba.distortion import Distortion
from spikeoff.data import ImageSpec

MAX_SIGMA = 100.0


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig(Config):
    """Whether training images are distorted, and how strongly."""

    augment: bool = False
    """Distort every training image anew in every epoch: elastically, and by a random shift,
    rotation and scale."""
    augment_alpha: float = 34.0
    """Strength of the elastic deformation (pixels): factor of the smoothed displacements."""
    augment_sigma: float = 4.0
    """Standard deviation (pixels) of the Gaussian that smooths the displacements."""
    augment_shift: int = 1
    """Largest shift (pixels), up or down and to either side."""
    augment_rotation: float = 0.0
    """Largest rotation (degrees), either way."""
    augment_scale: float = 0.0
    """Largest change of size, larger or smaller; 0.1 is a tenth."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.augment:
            for name in STRENGTHS:
                value = getattr(self, name)
                require(name, value, value == getattr(type(self), name),
                        "left out: it has no effect without augment")  # fmt: skip
            return
        alpha, shift, angle = self.augment_alpha, self.augment_shift, self.augment_rotation
        sigma, scale = self.augment_sigma, self.augment_scale
        require("augment_alpha", alpha, alpha >= 0, "0 or more")
        require("augment_sigma", sigma, 0 < sigma <= MAX_SIGMA,
                f"above 0 and at most {MAX_SIGMA:g} pixels")  # fmt: skip
        require("augment_shift", shift, shift >= 0, "0 or more")
        require("augment_rotation", angle, 0 <= angle <= 180, "from 0 to 180 degrees")
        require("augment_scale", scale, 0 <= scale < 1, "from 0 to below 1")
        require("augment", self.augment, any((alpha, shift, angle, scale)),
                "left out: all strengths are 0")  # fmt: skip

    def distortion(self, spec: ImageSpec) -> Distortion | None:
        """What is done to training images; None without augmentation.

        Raises:
            UserError: shifts could leave nothing of such images.
        """
        if not self.augment:
            return None
        side, shift = min(spec.height, spec.width), self.augment_shift
        require("augment_shift", shift, shift < side, f"below {side}, the side of the images")
        return Distortion(
            self.augment_alpha, self.augment_sigma, shift, self.augment_rotation,
            self.augment_scale, self.seed,
        )  # fmt: skip

    def augmentation(self) -> dict[str, Any]:
        """The settings of augmentation that are not the default."""
        given = {name: getattr(self, name) for name in ("augment", *STRENGTHS)}
        return {k: value for k, value in given.items() if value != getattr(type(self), k)}


STRENGTHS = tuple(one.name for one in fields(AugmentationConfig) if one.name.startswith("augment_"))
"""The settings that only ``augment`` uses."""
