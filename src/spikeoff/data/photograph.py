"""A photograph or drawing of a sign made like the images that a network knows.

As MNIST was made: the ink is cut out, fitted into a box with its proportions kept, antialiased, and
placed with its centre of mass in the middle of the image. For MNIST the box has 20 of 28 pixels;
for other data, box and place are measured on training images, and data that were made in another
way get the whole picture, resized.

    light(x, y)   the paper without ink: a grey closing (for light ink: opening) wider than strokes
    ink(x, y)     |picture - light|; clear above Otsu's threshold, faint down to the noise
    kept          faint ink that touches clear ink, without specks

Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits", 1998.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeoff.data.images import Images
from spikeoff.data.pixels import Bytes
from spikeoff.data.spec import ImageSpec
from spikeoff.errors import UserError

Grey = NDArray[np.float32]

WORKING = 1024
"""Pixels of the longer side at which the ink is looked for."""
COARSE = 128
"""Pixels of the longer side at which the light is estimated."""
STROKES = (0.08, 0.3)
"""Widest strokes, as shares of the longer side: on a page, and in a picture cut to the sign."""
MIN_CONTRAST = 24.0
"""Least difference of ink and paper, of 255; a page without ink has less, noise and shadows too."""
NOISES = 6.0
"""Standard deviations of the noise above which a pixel may be ink."""
FAINT = 0.04
"""Least ink, as a share of full ink: MNIST's faintest edges are below it."""
SPECK = 0.02
"""Parts with less than this share of the largest part's ink are specks."""
FRAME = 2.0
"""Weight of the frame's covered share in the choice of what is ink."""
INSIDE = 0.2
"""Share of the ink that, if it touches no edge of the picture, makes the rest a shadow."""
SAMPLED = 500
"""Training images that the layout is measured on."""


@dataclass(frozen=True)
class Layout:
    """Where the sign stands in every image of a data set.

    box: pixels of its longer side.
    centre: (row, column) at which its centre of mass is placed.
    """

    box: int
    centre: tuple[float, float]


def layout_of(images: Images) -> Layout | None:
    """The layout that all images share, as those of MNIST do; None if they have none.

    They have one if they are grey on black, and nine of ten have a box of the median size (to a
    pixel in 28) and their centre of mass within a pixel of the median place.
    """
    pixels = images.pixels[:: max(1, len(images) // SAMPLED)].astype(np.float64)
    if (
        pixels.ndim != 3
        or np.median(pixels[:, (0, -1)]) > 0
        or np.median(pixels[:, :, (0, -1)]) > 0
    ):
        return None
    lit = pixels > 0
    pixels, lit = pixels[lit.any(axis=(1, 2))], lit[lit.any(axis=(1, 2))]
    if not len(pixels):
        return None
    sides = (_extents(np.logical_or.reduce(lit, axis=axis)) for axis in (2, 1))
    sizes = np.maximum(*sides)
    mass = pixels.sum(axis=(1, 2))
    places = [
        (pixels.sum(axis=3 - axis) * np.arange(pixels.shape[axis])).sum(axis=1) / mass
        for axis in (1, 2)
    ]
    slack = max(pixels.shape[1:]) / 28
    near = np.abs(sizes - np.median(sizes)) <= slack
    for place in places:
        near &= np.abs(place - np.median(place)) <= slack
    if near.mean() < 0.9:
        return None
    row, column = (float(np.mean(place[near])) for place in places)
    return Layout(int(np.median(sizes)), (row, column))


def _extents(lit: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[n] from the first True to the last in each row, both included."""
    extents: NDArray[np.int64] = lit.shape[1] - lit[:, ::-1].argmax(axis=1) - lit.argmax(axis=1)
    return extents


def prepare(picture: Bytes, spec: ImageSpec, layout: Layout | None, where: str) -> Bytes:
    """A picture as an image of shape ``spec.shape``.

    Args:
        picture: [height, width] or [height, width, channels].
        spec: of the images that the network knows.
        layout: of these images; None resizes the whole picture and looks for no ink.
        where: names the picture in messages.

    Raises:
        UserError: there is no ink, or the picture has other channels than the images.
    """
    if layout is None:
        return resized(picture, spec, where)
    return _placed(ink_of(_grey(picture), where), spec, layout)


def resized(picture: Bytes, spec: ImageSpec, where: str) -> Bytes:
    """A picture resized to ``spec.shape``, and turned grey or into three channels if need be.

    Raises:
        UserError: it cannot have as many channels.
    """
    from PIL import Image  # noqa: PLC0415

    channels = picture.shape[2] if picture.ndim == 3 else 1
    if channels != spec.channels:
        if spec.channels not in (1, 3) or channels not in (1, 3, 4):
            raise UserError(
                f"{where}: {channels} channels, but the network takes {spec.channels}; give images "
                "with these"
            )
        picture = _grey(picture).round().astype(np.uint8)
        if spec.channels == 3:
            picture = np.repeat(picture[..., None], 3, axis=2)
    planes = picture.reshape(*picture.shape[:2], spec.channels)
    if planes.shape[:2] != (spec.height, spec.width):
        size = (spec.width, spec.height)
        planes = np.stack([
            np.asarray(Image.fromarray(np.ascontiguousarray(planes[..., k])).resize(
                size, Image.Resampling.BOX if planes.shape[1] > spec.width else
                Image.Resampling.BICUBIC))
            for k in range(spec.channels)
        ], axis=2)  # fmt: skip
    return np.ascontiguousarray(planes.reshape(spec.shape))


def _grey(picture: Bytes) -> Grey:
    """Brightness [height, width], as Rec. 601 weighs the colours."""
    if picture.ndim == 2:
        return picture.astype(np.float32)
    if picture.shape[2] < 3:
        return picture[..., 0].astype(np.float32)
    grey: Grey = picture[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey


def ink_of(grey: Grey, where: str) -> Grey:
    """The ink of a picture, cut out: from 0 for paper to 1 for full ink.

    Ink is darker than the paper or lighter: of both, the one without which the paper is more even,
    and which covers less of the frame.

    Raises:
        UserError: there is none.
    """
    from scipy import ndimage  # noqa: PLC0415 (half a second to import)

    grey = _reduced(grey, WORKING)
    ways = ((1.0, ndimage.grey_opening), (-1.0, ndimage.grey_closing))
    signs = [_find(grey, sign, smooth, width) for width in STROKES for sign, smooth in ways]
    found = min(signs, key=lambda one: one.doubt)
    if found.full < max(MIN_CONTRAST, NOISES * found.noise):
        raise UserError(
            f"{where}: no ink found: nothing stands out from the background by "
            f"{MIN_CONTRAST:g} of 255; draw with more contrast, or nearer"
        )
    ink, full = found.ink, found.full
    faint = max(FAINT * full, min(NOISES * found.noise, full / 2))
    parts, count = ndimage.label(ink > faint, np.ones((3, 3)))
    clear = np.where(ink > full / 2, ink, 0.0)
    weights = ndimage.sum_labels(clear, parts, np.arange(1, count + 1))
    kept = np.flatnonzero(weights > SPECK * weights.max()) + 1
    inside = np.setdiff1d(kept, np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    if weights[inside - 1].sum() > INSIDE * weights.sum():
        kept = inside
    mask = np.isin(parts, kept)
    # In a blurred photograph, a stroke ends at half its ink; in a clean drawing, where it does.
    body = mask if NOISES * found.noise < FAINT * full else mask & (ink > full / 2)
    rows, columns = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    cut = np.where(mask, ink / full, 0.0)
    result: Grey = cut[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].clip(0, 1)
    return result


class _Found(NamedTuple):
    """What stands out from the paper in one direction.

    ink: by how much, 0 and more.
    noise: standard deviation of the paper.
    full: of the ink where it is not at its edge.
    doubt: unevenness of the paper below, in units of ``full``, and share of the frame covered.
    """

    ink: Grey
    noise: float
    full: float
    doubt: float


def _find(grey: Grey, sign: float, smooth: Callable[..., Grey], width: float) -> _Found:
    """What is lighter (``sign`` 1) or darker (-1) than the picture without narrow things."""
    from PIL import Image  # noqa: PLC0415
    from scipy import ndimage  # noqa: PLC0415

    stroke = int(width * COARSE) | 1
    coarse = smooth(_reduced(grey, COARSE), size=(stroke, stroke), mode="nearest")
    paper = ndimage.gaussian_filter(coarse, 2)
    resized_paper = Image.fromarray(paper).resize(grey.shape[::-1], Image.Resampling.BILINEAR)
    light = np.asarray(resized_paper)
    difference = sign * (grey - light)
    if sign < 0:  # ink takes a share of the light, which is less in the shade
        difference *= paper.max() / np.maximum(light, paper.max() / 2 + 1)
    ink = difference.clip(0)
    if ink.max() < MIN_CONTRAST:
        return _Found(ink, 0.0, 0.0, np.inf)
    clear = ink > _otsu(ink)
    rest = difference[~clear]
    noise = float(1.4826 * np.median(np.abs(rest - np.median(rest))))
    full = float(np.percentile(ink[clear], 80))
    frame = np.concatenate([clear[0], clear[-1], clear[:, 0], clear[:, -1]]).mean()
    return _Found(ink, noise, full, _unevenness(paper) / full + FRAME * float(frame))


def _unevenness(paper: Grey) -> float:
    """Standard deviation of what a quadratic surface, such as a lamp's light, leaves over."""
    rows, columns = (np.linspace(-1, 1, side) for side in paper.shape)
    y, x = (one.ravel() for one in np.meshgrid(rows, columns, indexing="ij"))
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    weights = np.linalg.lstsq(terms, paper.ravel(), rcond=None)[0]
    return float((paper.ravel() - terms @ weights).std())


def _otsu(values: Grey) -> float:
    """The threshold that separates two classes with the largest variance between them."""
    counts, edges = np.histogram(values, 256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()[:-1]
    above = counts.sum() - below
    sums = (counts * middles).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = (sums[-1] - sums[:-1]) / above - sums[:-1] / below
        between = np.where((below > 0) & (above > 0), below * (above * gap**2), 0.0)
    return float(edges[1 + between.argmax()])


def _reduced(grey: Grey, longest: int) -> Grey:
    """The picture with a longer side of at most so many pixels, averaged."""
    from PIL import Image  # noqa: PLC0415

    share = longest / max(grey.shape)
    if share >= 1:
        return grey
    size = [max(1, round(share * side)) for side in grey.shape[::-1]]
    return np.asarray(Image.fromarray(grey).resize((size[0], size[1]), Image.Resampling.BOX))


def _placed(ink: Grey, spec: ImageSpec, layout: Layout) -> Bytes:
    """Ink in the box, its centre of mass at the layout's, as bytes."""
    from PIL import Image  # noqa: PLC0415

    share = layout.box / max(ink.shape)
    height, width = (max(1, round(share * side)) for side in ink.shape)
    way = Image.Resampling.BOX if share < 1 else Image.Resampling.BICUBIC
    small = np.asarray(Image.fromarray(ink).resize((width, height), way)).clip(0, 1)
    result = np.zeros(spec.shape[:2], np.float32)
    mass = small.sum()
    first = []
    for axis, (side, room) in enumerate(zip(small.shape, spec.shape[:2], strict=True)):
        centre = float(small.sum(axis=1 - axis) @ np.arange(side) / mass)
        first.append(min(max(0, round(layout.centre[axis] - centre)), room - side))
    result[first[0] : first[0] + height, first[1] : first[1] + width] = small
    return (255 * result).round().astype(np.uint8)
