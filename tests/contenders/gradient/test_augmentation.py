"""Augmentation: distortions equal SciPy's, depend on nothing beside the image, and are learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage, stats

from spikeoff.coding import word_draw
from spikeoff.coding.philox import philox4x32
from spikeoff.contenders.base import Contender
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.gradient.mlp import MLPConfig
from spikeoff.contenders.gradient.numba.distortion import FIELD, PLACEMENT, Distortion
from spikeoff.contenders.gradient.own_network import Batches
from spikeoff.contenders.registry import find
from spikeoff.data import Images
from spikeoff.data.spec import ImageSpec
from spikeoff.errors import UserError
from spikeoff.experiments.campaign import entries
from spikeoff.kernels.jit import set_threads, threads
from tests.contenders.test_contract import make, same

TRAINED = ("cnn", "izhikevich-gradient", "izhikevich-sparse", "mlp", "mlp-int8")
STRONG = {"augment": True, "augment_alpha": 40.0, "augment_shift": 2, "augment_rotation": 20.0}
SHAPES = [(28, 28), (9, 14), (8, 6, 3)]


def noise(shape: tuple[int, ...], n: int = 6) -> Images:
    """Random images, which every displaced pixel changes."""
    pixels = np.random.default_rng(3).integers(0, 256, (n, *shape), dtype=np.uint8)
    return Images(pixels, np.zeros(n, np.uint8), np.arange(100, 100 + n))


def displacements(
    one: Distortion, example: int, epoch: int, height: int, width: int
) -> np.ndarray[Any, Any]:
    """[2, height, width] down and to the right, smoothed by SciPy; column by column when drawn."""
    places = np.arange(2 * height * width)
    words = philox4x32(places // 8, 0, example, epoch, one.seed, FIELD)
    drawn = np.array([word_draw(words[j % 8 // 2][j], j % 8) for j in places]) / 2**15 - 1
    field = drawn.reshape(width, 2, height).transpose(1, 2, 0)
    return one.alpha * np.stack([
        ndimage.gaussian_filter(part, one.sigma, mode="constant", truncate=3.0) for part in field
    ])  # fmt: skip


def drawn_placement(one: Distortion, example: int, epoch: int) -> tuple[int, int, float, float]:
    """Shift down and to the right (pixels), angle (radians) and size."""
    words = philox4x32(0, 0, example, epoch, one.seed, PLACEMENT)
    down, right = (int(word) * (2 * one.shift + 1) // 2**32 - one.shift for word in words[:2])
    turn, grow = (2 * int(word) / 2**32 - 1 for word in words[2:])
    return down, right, np.radians(one.rotation) * turn, 1 + one.scale * grow


def check(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    """Equal but for sums in single precision that round to the other side of a half."""
    off = np.abs(found.astype(int) - np.floor(expected + 0.5).astype(int))
    assert off.max() <= 1
    assert off.mean() < 0.01


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("alpha", "sigma"), [(34.0, 4.0), (15.0, 1.7)])
def test_elastic_deformation_equals_scipys(
    shape: tuple[int, ...], alpha: float, sigma: float
) -> None:
    one, images = Distortion(alpha, sigma, 0, 0.0, 0.0, seed=5), noise(shape)
    height, width = shape[:2]
    found = one.apply(images, epoch=3).pixels
    assert (found != images.pixels).mean() > 0.5
    for image, example, result in zip(images.pixels, images.ids, found, strict=True):
        places = np.mgrid[:height, :width] + displacements(one, int(example), 3, height, width)
        for channel in np.ndindex(shape[2:]):
            at = (slice(None), slice(None), *channel)
            expected = ndimage.map_coordinates(
                image[at].astype(float), places, order=1, mode="grid-constant"
            )
            check(result[at], expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shift_equals_numpys_roll_with_zeros_behind_it(shape: tuple[int, ...]) -> None:
    one, images = Distortion(0.0, 4.0, 3, 0.0, 0.0, seed=1), noise(shape, 20)
    found = one.apply(images, epoch=2).pixels
    for image, example, result in zip(images.pixels, images.ids, found, strict=True):
        down, right, _, _ = drawn_placement(one, int(example), 2)
        expected = np.roll(image, (down, right), (0, 1))
        expected[: max(0, down)] = expected[len(expected) + min(0, down) :] = 0
        expected[:, : max(0, right)] = expected[:, shape[1] + min(0, right) :] = 0
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("shape", SHAPES[:2])
def test_rotation_and_scale_equal_scipys_affine_transform(shape: tuple[int, ...]) -> None:
    one, images = Distortion(0.0, 4.0, 1, 60.0, 0.4, seed=2), noise(shape)
    found = one.apply(images, epoch=1).pixels
    middle = (np.array(shape) - 1) / 2
    for image, example, result in zip(images.pixels, images.ids, found, strict=True):
        down, right, angle, size = drawn_placement(one, int(example), 1)
        cosine, sine = np.cos(angle), np.sin(angle)
        matrix = np.array([[cosine, sine], [-sine, cosine]]) / size
        expected = ndimage.affine_transform(
            image.astype(float), matrix, middle - matrix @ (middle + np.array([down, right])),
            order=1, mode="grid-constant",
        )  # fmt: skip
        check(result, expected)


def test_shifts_are_uniform() -> None:
    n, shift = 4000, 2
    pixels = np.zeros((n, 5, 5), np.uint8)
    pixels[:, 2, 2] = 255
    images = Images(pixels, np.zeros(n, np.uint8), np.arange(n))
    found = Distortion(0.0, 4.0, shift, 0.0, 0.0, seed=0).apply(images, 1).pixels
    assert stats.chisquare(found.sum(axis=0).ravel() / 255).pvalue > 1e-4


def test_a_distortion_depends_on_seed_epoch_and_image_alone() -> None:
    one, images = Distortion(34.0, 4.0, 2, 15.0, 0.1, seed=0), noise((12, 10), 30)
    together = one.apply(images, 4)
    rows = np.random.default_rng(0).permutation(30)
    np.testing.assert_array_equal(one.apply(images.take(rows), 4).pixels, together.pixels[rows])
    before = threads()
    try:
        set_threads(1 if before > 1 else 2)
        alone = [one.apply(images.take(slice(k, k + 1)), 4).pixels[0] for k in range(30)]
    finally:
        set_threads(before)
    np.testing.assert_array_equal(np.stack(alone), together.pixels)
    np.testing.assert_array_equal(together.ids, images.ids)
    for other in (one.apply(images, 5), replace(one, seed=1).apply(images, 4)):
        assert (other.pixels != together.pixels).any(axis=(1, 2)).all()


def test_all_channels_of_a_pixel_move_together() -> None:
    grey, one = noise((10, 10)), Distortion(34.0, 4.0, 1, 10.0, 0.1, seed=0)
    colour = replace(grey, pixels=np.repeat(grey.pixels[..., None], 3, axis=3))
    expected = np.repeat(one.apply(grey, 1).pixels[..., None], 3, axis=3)
    np.testing.assert_array_equal(one.apply(colour, 1).pixels, expected)


def distorted(contender: Any, images: Images, epoch: int) -> Images:
    """The images as a contender with augmentation learns from them."""
    found = contender.training_images(images, np.arange(len(images)), epoch)
    assert isinstance(found, Images)
    assert (found.pixels != images.pixels).any(axis=(1, 2)).all()
    return found


def epochs(contender: Contender, *given: Images) -> Contender:
    for epoch, images in enumerate(given, 1):
        list(contender.learn(images, epoch))
    return contender


@pytest.mark.parametrize("name", TRAINED)
def test_learning_is_that_from_images_distorted_beforehand(name: str, few: Images) -> None:
    augmented = make(name, **STRONG)
    first, second = (distorted(augmented, few, epoch) for epoch in (1, 2))
    assert (first.pixels != second.pixels).any()
    expected = epochs(make(name), first, second).state()
    assert same(epochs(augmented, few, few).state(), expected)


def test_batches_for_a_modules_own_fit_are_distorted(few: Images) -> None:
    kind: Any = find("mlp")
    network = kind(kind.config_type(**STRONG, batch_size=16))
    network._inputs = lambda pixels, ids, epoch: pixels
    order = np.random.default_rng([0, 2]).permutation(len(few))
    found = torch.cat([inputs for inputs, _ in Batches(network, few, 2)])
    np.testing.assert_array_equal(found.numpy(), distorted(network, few, 2).flat[order])


def test_a_stopped_epoch_goes_on_with_the_same_distortions(few: Images) -> None:
    images = few.take(np.tile(np.arange(40), 4))
    images = replace(images, ids=np.arange(len(images)))
    settings = {**STRONG, "batch_size": 16}
    whole = epochs(make("izhikevich-sparse", **settings), images)
    stopped, resumed = (make("izhikevich-sparse", **settings) for _ in range(2))
    done = next(iter(stopped.learn(images, 1))).examples
    assert 0 < done < len(images)
    resumed.resume(stopped.snapshot())
    list(resumed.learn(images, 1, start=done))
    assert same(whole.state(), resumed.state())


def test_answers_are_to_undistorted_images(few: Images) -> None:
    plain, augmented = make("mlp"), make("mlp", **STRONG)
    np.testing.assert_array_equal(plain.respond(few).scores, augmented.respond(few).scores)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"augment_shift": 2}, "`augment_shift` .* has no effect without augment"),
        ({"augment": True, "augment_alpha": -1.0}, "`augment_alpha`"),
        ({"augment": True, "augment_sigma": 0.0}, "`augment_sigma`"),
        ({"augment": True, "augment_shift": -1}, "`augment_shift`"),
        ({"augment": True, "augment_rotation": 181.0}, "`augment_rotation`"),
        ({"augment": True, "augment_scale": 1.0}, "`augment_scale`"),
        ({"augment": True, "augment_alpha": 0.0, "augment_shift": 0}, "all strengths are 0"),
    ],
)
def test_settings_are_refused_by_name(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        MLPConfig(**settings)


def test_shifts_beyond_the_image_are_refused() -> None:
    with pytest.raises(UserError, match=r"`augment_shift` .* below 8, the side of the images"):
        find("mlp")(MLPConfig(augment=True, augment_shift=8), ImageSpec((9, 8), ("a", "b")))


@pytest.mark.parametrize("name", ["izhikevich-stdp", "diehl-cook"])
def test_networks_that_learn_by_stdp_have_no_augmentation(name: str) -> None:
    with pytest.raises(UserError, match="`augment` is no setting of"):
        from_plain(find(name).config_type, {"augment": True})


def test_twins_learn_from_images_distorted_alike() -> None:
    kind: Any = find("izhikevich-sparse")
    for twin in kind.twins(kind.config_type(**STRONG)):
        assert STRONG.items() <= dict(twin.settings).items()
        from_plain(find(twin.contender).config_type, twin.settings)


def test_a_race_with_augmentation_takes_only_networks_that_have_it() -> None:
    common = {"augment": True}
    begun = entries(("mlp", "cnn"), (0,), "quick", common, Path())
    assert all(run.config.augment for run in begun)  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="izhikevich-stdp has no setting `augment`"):
        entries(("mlp", "izhikevich-stdp"), (0,), "quick", common, Path())
