"""A digit drawn large, inverted, framed or shifted becomes the image that it was drawn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from spikeoff.data import MNIST, Dataset, Images, ImageSpec
from spikeoff.data.given_images import read_given
from spikeoff.data.photograph import Layout, layout_of, prepare
from spikeoff.data.pixels import Bytes
from spikeoff.errors import UserError

CENTRED = Layout(20, (14.0, 14.0))
"""As published: 20 x 20 pixels, the centre of mass in the middle of 28 x 28."""


def large(image: Bytes) -> Bytes:
    return np.kron(image, np.ones((10, 10), np.uint8))


def framed(image: Bytes) -> Bytes:
    return np.pad(255 - large(image), 70, constant_values=255)


DRAWN: dict[str, Callable[[Bytes], Bytes]] = {
    "large": large,
    "inverted": lambda image: 255 - large(image),
    "framed": framed,
    "shifted": lambda image: np.roll(framed(image), (40, -60), (0, 1)),
    "in colour": lambda image: np.repeat(framed(image)[..., None], 3, axis=2),
    "pale": lambda image: (60 + 0.4 * large(image)).astype(np.uint8),
}


def test_the_layout_of_mnist_is_the_published_one(mnist: Dataset) -> None:
    layout = layout_of(mnist.test)
    assert layout is not None
    assert layout.box == 20
    assert np.allclose(layout.centre, 14, atol=0.05)


@pytest.mark.parametrize("way", DRAWN)
def test_mnist_drawn_in_another_way_becomes_itself_again(mnist: Dataset, way: str) -> None:
    images = mnist.test.pixels[:12]
    again = [prepare(DRAWN[way](image), MNIST, CENTRED, way) for image in images]
    errors = np.abs(np.array(again, float) - images).mean(axis=(1, 2))
    assert np.median(errors) < 1
    assert (errors < 4).mean() > 0.9


@pytest.mark.parametrize("shadow", [False, True])
def test_ink_on_a_page_in_uneven_light_is_found(shadow: bool) -> None:
    """A ring: the same ring without paper, light, noise and blur is the picture expected."""
    box, width = (220, 500, 420, 700), 44
    picture = Image.new("L", (600, 800))
    ImageDraw.Draw(picture).ellipse(box, outline=255, width=width)
    expected = prepare(np.asarray(picture), MNIST, CENTRED, "x").astype(float)
    ink = np.asarray(picture.filter(ImageFilter.GaussianBlur(3))) / 255
    y, x = np.mgrid[0:800, 0:600] / 800
    light = 0.95 - 0.4 * ((x - 0.2) ** 2 + (y - 0.1) ** 2)
    if shadow:
        light = light * (1 - 0.4 / (1 + np.exp(-40 * (x + 0.6 * y - 0.8))))
    noise = np.random.default_rng(0).normal(0, 4, ink.shape)
    photograph = (235 * light * (1 - 0.7 * ink) + noise).clip(0, 255).astype(np.uint8)
    found = prepare(photograph, MNIST, CENTRED, "x").astype(float)
    # A centre of mass between two pixels may be placed at either.
    moved = [np.roll(found, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert max(np.corrcoef(one.ravel(), expected.ravel())[0, 1] for one in moved) > 0.97


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_page_without_ink_is_an_error_that_names_it(shade: int) -> None:
    noise = np.random.default_rng(0).normal(shade, 3, (300, 200)).clip(0, 255).astype(np.uint8)
    for page in (np.full((60, 40), shade, np.uint8), noise):
        with pytest.raises(UserError, match=r"page\.png: no ink found"):
            prepare(page, MNIST, CENTRED, "page.png")


def test_other_shapes_follow_the_same_rule_in_proportion(mnist: Dataset) -> None:
    """Twice as large a network sees the same image, twice as large."""
    spec = ImageSpec((56, 56), MNIST.classes)
    for image in mnist.test.pixels[:5]:
        found = prepare(large(image), spec, Layout(40, (28.0, 28.0)), "x").astype(float)
        halved = found.reshape(28, 2, 28, 2).mean(axis=(1, 3))
        assert np.corrcoef(halved.ravel(), image.ravel())[0, 1] > 0.8


def test_data_without_a_layout_get_the_whole_picture(rng: np.random.Generator) -> None:
    pictures = rng.integers(0, 256, (30, 8, 8), np.uint8)
    images = Images(pictures, np.zeros(30, np.uint8), np.arange(30))
    assert layout_of(images) is None
    spec = ImageSpec((8, 8), ("a", "b"))
    assert np.array_equal(prepare(pictures[0], spec, None, "x"), pictures[0])
    assert np.array_equal(
        prepare(np.kron(pictures[0], np.ones((3, 3), np.uint8)), spec, None, "x"), pictures[0]
    )
    colour = prepare(pictures[0], ImageSpec((8, 8, 3), ("a", "b")), None, "x")
    assert all(np.array_equal(colour[..., k], pictures[0]) for k in range(3))


# files


def test_files_and_folders_of_images_are_read_in_order(tmp_path: Path, mnist: Dataset) -> None:
    images = mnist.test.pixels[:6]
    for k, ending in enumerate((".png", ".bmp")):
        Image.fromarray(images[k]).save(tmp_path / f"{k}{ending}")
    np.save(tmp_path / "2.npy", images[2])
    np.savez(tmp_path / "3.npz", images[3:5].astype(np.float32) / 255)
    np.savez(tmp_path / "4.npz", x=images[5], y=np.zeros(1))
    found = list(read_given([tmp_path]))
    assert np.array_equal(np.stack([image for _, image in found]), images)
    assert [Path(name).name for name, _ in found] == [
        "0.png", "1.bmp", "2.npy", "3.npz[0]", "3.npz[1]", "4.npz",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"no picture", "a.png: not a readable picture"),
        ("nowhere.png", None, "nowhere.png: cannot be read"),
        ("a.doc", b"x", "a.doc: unknown format"),
        ("a.npy", b"x", "a.npy: not a readable .npy"),
    ],
)
def test_files_that_are_no_images(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        list(read_given([tmp_path / name]))
    assert "\n" not in str(caught.value)


def test_arrays_and_folders_that_hold_no_images(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no images in this folder"):
        list(read_given([tmp_path]))
    np.save(tmp_path / "row.npy", np.zeros(5, np.uint8))
    with pytest.raises(UserError, match=r"an array of shape \(5,\)"):
        list(read_given([tmp_path / "row.npy"]))
    np.savez(tmp_path / "two.npz", a=np.zeros((3, 3)), b=np.zeros((3, 3)))
    with pytest.raises(UserError, match=r"2 arrays \(a, b\); keep one, or call the images x"):
        list(read_given([tmp_path / "two.npz"]))
