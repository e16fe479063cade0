"""What a run keeps of its spikes is what the network did."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.base import Contender
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset, Images
from spikeoff.errors import UserError
from spikeoff.ledger.raster import (
    RASTER,
    Raster,
    Shown,
    first_of_each_class,
    raster_of,
    read_raster,
    save_raster,
)
from spikeoff.ledger.recording import Recording

SMALL: dict[str, dict[str, Any]] = {
    "izhikevich-gradient": {"hidden": (50,), "n_steps": 21, "output_scale": 3.0},
    "izhikevich-sparse": {"hidden": (50,)},
    "izhikevich-stdp": {"n_hidden": 100, "hebbian_lr": 0.05},
    "diehl-cook": {"n_e": 20, "example_time": 0.15, "resting_time": 0.05, "input_intensity": 6.0},
}


def made(rng: np.random.Generator, neurons: int = 13) -> Raster:
    images = Images(
        rng.integers(0, 256, (2, 28, 28)).astype(np.uint8),
        np.array([3, 7], np.uint8),
        np.array([60_018, 60_000]),
    )
    shown = [
        Shown(
            rng.integers(0, 2, (5, 784)).astype(np.uint8),
            rng.integers(0, 2, (5, neurons)).astype(np.uint8),
            rng.random((5, 10)).astype(np.float32),
        )
        for _ in range(2)
    ]
    digits = rng.integers(-1, 10, neurons).astype(np.int16)
    return Raster(images, np.array([3, 1], np.uint8), shown, digits, 0.5, "votes")


def rastered(contender: Contender, images: Images) -> Raster:
    record = partial(contender.record, every=1)
    found = raster_of(record, images, contender.speaks_for(), contender.score_unit)
    assert found is not None
    return found


def test_hidden_layers_stand_side_by_side_and_speak_for_no_class_that_is_known(
    rng: np.random.Generator,
) -> None:
    sizes = {"input": 4, "a": 3, "b": 5, "output": 2}
    spikes = {name: rng.integers(0, 2, (3, 7, size)) for name, size in sizes.items()}
    scores = rng.random((3, 7, 2)).astype(np.float32)
    images = Images(np.zeros((3, 2, 2), np.uint8), np.array([1, 1, 0], np.uint8), np.arange(3))

    def record(some: Images) -> Recording:
        of_some = {name: fired[some.ids] for name, fired in spikes.items()}
        return Recording.of_spikes(of_some, scores[some.ids], dt=0.5)

    raster = raster_of(record, images, None, "votes")
    assert raster is not None
    assert raster.images.ids.tolist() == [2, 0]
    assert raster.answers.tolist() == scores[[2, 0], -1].argmax(axis=1).tolist()
    assert (raster.dt, raster.unit) == (0.5, "votes")
    assert raster.speaks_for.tolist() == [-1] * (3 + 5)
    for one, row in zip(raster.shown, (2, 0), strict=True):
        np.testing.assert_array_equal(one.inputs, spikes["input"][row])
        np.testing.assert_array_equal(one.hidden, np.hstack([spikes[k][row] for k in "ab"]))
        np.testing.assert_array_equal(one.scores, scores[row])


@pytest.mark.parametrize("neurons", [13, 10, 8])
def test_what_is_written_is_read(tmp_path: Path, rng: np.random.Generator, neurons: int) -> None:
    raster = made(rng, neurons)
    save_raster(raster, tmp_path)
    found = read_raster(tmp_path)
    assert found is not None
    for name in ("pixels", "labels", "ids"):
        np.testing.assert_array_equal(getattr(found.images, name), getattr(raster.images, name))
    np.testing.assert_array_equal(found.answers, raster.answers)
    np.testing.assert_array_equal(found.speaks_for, raster.speaks_for)
    assert (found.dt, found.unit) == (0.5, "votes")
    for one, other in zip(found.shown, raster.shown, strict=True):
        for name in ("inputs", "hidden", "scores"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_pixels_of_earlier_versions_are_in_rows(tmp_path: Path, rng: np.random.Generator) -> None:
    raster = made(rng)
    flat = replace(raster.images, pixels=raster.images.pixels.reshape(2, 784))
    save_raster(replace(raster, images=flat), tmp_path)
    found = read_raster(tmp_path)
    assert found is not None
    np.testing.assert_array_equal(found.images.pixels, raster.images.pixels)


def test_a_run_without_the_file_kept_none(tmp_path: Path) -> None:
    assert read_raster(tmp_path) is None


def test_the_images_are_the_first_of_each_class(mnist: Dataset) -> None:
    rows = first_of_each_class(mnist.test.labels)
    assert mnist.test.labels[rows].tolist() == list(range(10))
    for digit, row in enumerate(rows):
        assert digit not in mnist.test.labels[:row]


def test_a_file_without_neurons_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    save_raster(made(rng, neurons=0), tmp_path)
    with pytest.raises(UserError, match="is not that of a run"):
        read_raster(tmp_path)


@pytest.mark.parametrize(
    ("name", "array", "told"),
    [
        ("pixels", np.zeros((2, 28, 27), np.uint8), "'pixels' is not that of a run"),
        ("pixels", np.zeros((2, 783), np.uint8), "'pixels' is not that of a run"),
        ("hidden", np.zeros((2, 5, 1), np.uint8), "'hidden' is not that of a run"),
        ("scores", np.zeros((2, 5, 10), np.uint8), "'scores' is not that of a run"),
        ("answers", np.array([3, 10], np.uint8), "'answers' is above 9"),
        ("speaks_for", np.full(13, 10, np.int8), "'speaks_for' is above 9"),
        ("dt", np.float64(0), "'dt' .* must be above 0"),
        ("dt", np.float64("nan"), "'dt' .* must be above 0"),
    ],
)
def test_a_damaged_file_is_refused(
    tmp_path: Path, rng: np.random.Generator, name: str, array: Any, told: str
) -> None:
    save_raster(made(rng), tmp_path)
    with np.load(tmp_path / RASTER) as held:
        arrays = {key: held[key] for key in held.files}
    np.savez(tmp_path / RASTER, **{**arrays, name: array})
    with pytest.raises(UserError, match=told):
        read_raster(tmp_path)


@pytest.mark.parametrize("name", SMALL)
def test_the_steps_end_in_the_answer(
    name: str, few: Images, mnist: Dataset, tmp_path: Path
) -> None:
    kind = find(name)
    contender = kind(kind.config_type(**SMALL[name]))
    list(contender.learn(few, 1))
    contender.conclude(few)
    test = mnist.test.take(slice(0, 60))
    response = contender.respond(test)
    save_raster(rastered(contender, test), tmp_path)
    raster = read_raster(tmp_path)
    assert raster is not None
    rows = first_of_each_class(test.labels)
    np.testing.assert_array_equal(raster.images.ids, test.ids[rows])
    np.testing.assert_array_equal(raster.answers, response.labels[rows])
    assert sum(int(one.hidden.sum()) for one in raster.shown) > 0
    for one, row in zip(raster.shown, rows, strict=True):
        np.testing.assert_array_equal(one.scores[-1], response.scores[row])
        assert not (one.inputs.any(axis=0) & (test.flat[row] == 0)).any()
        if response.hidden is not None:
            np.testing.assert_array_equal(one.hidden.sum(axis=0), response.hidden[row])


def test_both_engines_of_the_gradient_network_keep_the_same_input(
    few: Images,
) -> None:
    kind = find("izhikevich-gradient")
    kept = []
    for engine in ("native", "torch"):
        fields = {**SMALL["izhikevich-gradient"], "engine": engine}
        contender = kind(kind.config_type(**fields))
        kept.append(rastered(contender, few))
    one, other = kept
    for a, b in zip(one.shown, other.shown, strict=True):
        np.testing.assert_array_equal(a.inputs, b.inputs)
        assert a.hidden.shape == b.hidden.shape


def test_two_layers_are_kept_side_by_side(few: Images) -> None:
    contender = DiehlCook(DiehlCookConfig(**SMALL["diehl-cook"], n_e2=12, gain_2=400.0))
    hidden = contender.respond(few).hidden
    assert hidden is not None
    raster = rastered(contender, few)
    for one, row in zip(raster.shown, first_of_each_class(few.labels), strict=True):
        np.testing.assert_array_equal(one.hidden.sum(axis=0), hidden[row])
        assert one.inputs.sum() > 0


def test_a_missing_digit_is_left_out(few: Images) -> None:
    threes = replace(few, labels=np.full(len(few), 3, np.uint8))
    assert first_of_each_class(threes.labels).tolist() == [0]
