"""Corruptions of images and of input spikes: their laws."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from spikeoff.coding.corruptions import (
    CORRUPTIONS,
    SEVERITIES,
    Corruption,
    contrast,
    corrupt,
    gaussian_noise,
    occlusion,
    salt_and_pepper,
    shift,
    shifted,
)
from spikeoff.coding.spike_noise import SPIKE_NOISE, SpikeNoise, delete_spikes, jitter_spikes
from spikeoff.data import Images
from spikeoff.errors import UserError

SHAPES = [(28, 28), (9, 14), (10, 8, 3)]


def noise_images(shape: tuple[int, ...], n: int = 30) -> Images:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (n, *shape), dtype=np.uint8)
    return Images(pixels, np.zeros(n, np.uint8), np.arange(1000, 1000 + n))


def grey(value: int, n: int = 400) -> Images:
    pixels = np.full((n, 28, 28), value, np.uint8)
    return Images(pixels, np.zeros(n, np.uint8), np.arange(n))


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_severity_0_changes_nothing_and_others_keep_shape_labels_and_ids(
    name: str, shape: tuple[int, ...]
) -> None:
    images = noise_images(shape)
    assert (corrupt(images, name, 0).pixels == images.pixels).all()
    assert SEVERITIES == (1, 2, 3, 4, 5)  # as in ImageNet-C
    for severity in SEVERITIES:
        got = corrupt(images, name, severity)
        assert got.pixels.shape == images.pixels.shape
        assert got.pixels.dtype == np.uint8
        assert (got.pixels != images.pixels).any()
        assert got.ids is images.ids
        assert got.labels is images.labels


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_an_image_is_corrupted_the_same_in_every_batch_and_order(name: str) -> None:
    images = noise_images((9, 14))
    whole = corrupt(images, name, 3, seed=7).pixels
    order = np.random.default_rng(0).permutation(len(images))
    assert (corrupt(images.take(order), name, 3, seed=7).pixels == whole[order]).all()
    assert (corrupt(images.take(slice(11, 12)), name, 3, seed=7).pixels == whole[11:12]).all()
    if name != "contrast":
        assert (corrupt(images, name, 3, seed=8).pixels != whole).any()


@pytest.mark.parametrize(("down", "right"), [(0, 3), (2, -4), (-5, 0), (-1, -1), (0, 0)])
@pytest.mark.parametrize("shape", SHAPES)
def test_shift_is_numpys_roll_with_zeros_where_nothing_was(
    down: int, right: int, shape: tuple[int, ...]
) -> None:
    pixels = noise_images(shape).pixels
    expected = np.roll(pixels, (down, right), axis=(1, 2))
    if down:
        expected[:, slice(0, down) if down > 0 else slice(down, None)] = 0
    if right:
        expected[:, :, slice(0, right) if right > 0 else slice(right, None)] = 0
    assert (shifted(pixels, down, right) == expected).all()


def test_shift_takes_all_eight_directions_equally_often() -> None:
    images = grey(0, 4000)
    images.pixels[:, 14, 14] = 255
    rows, columns = np.nonzero(shift(images, 3 / 28, 0))[1:]
    found, counts = np.unique(np.stack([rows, columns]) - 14, axis=1, return_counts=True)
    assert found.shape == (2, 8)
    assert (np.abs(found).max(axis=0) == 3).all()
    assert stats.chisquare(counts).pvalue > 1e-4


def test_contrast_has_its_closed_form() -> None:
    pixels = np.zeros((1, 2, 2), np.uint8)
    pixels[0, 0, 0] = 200  # mean 50
    images = Images(pixels, np.zeros(1, np.uint8), np.zeros(1, np.int64))
    assert contrast(images, 0.2, 0).ravel().tolist() == [80, 40, 40, 40]
    assert (contrast(images, 1.0, 0) == pixels).all()


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_salt_and_pepper_hit_a_binomial_share_of_the_pixels(share: float) -> None:
    images = grey(100)
    got = salt_and_pepper(images, share, 0)
    hit = got != 100
    assert set(np.unique(got)) == {0, 100, 255}
    low, high = stats.binom.interval(1 - 1e-6, hit.size, share)
    assert low <= hit.sum() <= high
    low, high = stats.binom.interval(1 - 1e-6, int(hit.sum()), 0.5)
    assert low <= (got == 255).sum() <= high


def test_salt_and_pepper_replace_all_channels_of_a_pixel() -> None:
    images = Images(np.full((50, 8, 8, 3), 100, np.uint8), np.zeros(50, np.uint8), np.arange(50))
    hit = salt_and_pepper(images, 0.3, 0) != 100
    assert (hit.all(axis=3) == hit.any(axis=3)).all()


def test_gaussian_noise_is_normal_with_the_deviation_in_grey_levels() -> None:
    noise = gaussian_noise(grey(128), 20, 0).astype(float).ravel() - 128
    n = noise.size
    assert abs(noise.mean()) < 5 * 20 / np.sqrt(n)
    # Rounding to whole grey levels adds 1/12 to the variance (Sheppard).
    low, high = np.array(stats.chi2.interval(1 - 1e-6, n - 1)) / (n - 1)
    assert low <= noise.var(ddof=1) / (20**2 + 1 / 12) <= high
    within = (np.abs(noise) <= 20.5).sum()
    low, high = stats.binom.interval(1 - 1e-6, n, 2 * stats.norm.cdf(20.5 / 20) - 1)
    assert low <= within <= high


def test_occlusion_hides_one_square_inside_the_image_anywhere() -> None:
    got = occlusion(grey(255, 3000), 0.3, 0) == 0
    side = 8  # 0.3 x 28 = 8.4
    assert (got.sum(axis=(1, 2)) == side * side).all()
    assert (got.any(axis=1).sum(axis=1) == side).all()
    assert (got.any(axis=2).sum(axis=1) == side).all()
    tops = np.bincount(got.any(axis=2).argmax(axis=1), minlength=21)
    assert len(tops) == 28 - side + 1
    assert stats.chisquare(tops).pvalue > 1e-4


def test_unknown_corruptions_and_severities_are_refused() -> None:
    images = noise_images((9, 14))
    with pytest.raises(UserError, match="'fog' is no corruption; choose from gaussian-noise"):
        corrupt(images, "fog", 1)
    with pytest.raises(UserError, match=r"`severity` \(=6\) must be a whole number from 0 to 5"):
        corrupt(images, "shift", 6)


def drawn_spikes(n: int = 20) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    rng = np.random.default_rng(3)
    return (rng.random((n, 25, 60)) < 0.2).astype(np.uint8), np.arange(500, 500 + n)


@pytest.mark.parametrize("name", SPIKE_NOISE)
def test_spike_noise_of_amount_0_changes_nothing_and_batches_do_not_matter(name: str) -> None:
    spikes, ids = drawn_spikes()
    noise = SPIKE_NOISE[name]
    assert (noise.apply(spikes, ids, 0, 0) == spikes).all()
    whole = noise.apply(spikes, ids, noise.amounts[1], 0)
    assert (whole != spikes).any()
    assert (noise.apply(spikes[7:9], ids[7:9], noise.amounts[1], 0) == whole[7:9]).all()


def test_deletion_deletes_a_binomial_share_and_adds_nothing() -> None:
    spikes, ids = drawn_spikes()
    got = delete_spikes(spikes, ids, 0.3, 0)
    assert (got <= spikes).all()
    low, high = stats.binom.interval(1 - 1e-6, int(spikes.sum()), 0.3)
    assert low <= int(spikes.sum()) - int(got.sum()) <= high
    assert not delete_spikes(spikes, ids, 1.0, 0).any()


def test_jitter_moves_a_spike_uniformly_by_up_to_its_amount() -> None:
    spikes, ids = np.zeros((500, 25, 10), np.uint8), np.arange(500)
    spikes[:, 12] = 1
    steps = np.nonzero(jitter_spikes(spikes, ids, 3, 0))[1]
    assert len(steps) == 5000
    assert stats.chisquare(np.bincount(steps - 9, minlength=7)).pvalue > 1e-4
    edge = np.zeros((500, 25, 10), np.uint8)
    edge[:, 0] = 1  # three of seven moves lead out of the presentation
    low, high = stats.binom.interval(1 - 1e-6, 5000, 4 / 7)
    assert low <= jitter_spikes(edge, ids, 3, 0).sum() <= high


@pytest.mark.parametrize("noise", [*CORRUPTIONS.items(), *SPIKE_NOISE.items()])
def test_amounts_are_those_of_the_documentation_and_get_stronger(
    noise: tuple[str, Corruption | SpikeNoise],
) -> None:
    name, one = noise
    change = np.diff(one.amounts)
    assert (change > 0).all() or (name == "contrast" and (change < 0).all())
    page = Path(__file__).parents[2] / "docs" / "robustness.md"
    (row,) = (line for line in page.read_text().splitlines() if line.startswith(f"| `{name}`"))
    words = re.findall(r"\d+(?:\.\d+|/\d+)?", row.split("|", 3)[3])
    stated = [float(Fraction(word)) for word in words[:5]]
    assert stated == pytest.approx(one.amounts)
