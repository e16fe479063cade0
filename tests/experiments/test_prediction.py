"""``spikeoff predict`` on small trained networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import spikeoff
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset
from spikeoff.experiments.prediction import predict
from spikeoff.run.run_record import read_run
from spikeoff.run.session import run
from tests import program, small_data

pytestmark = pytest.mark.slow

SIZES: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": (32,), "batch_size": 20},
    "izhikevich-stdp": {"n_hidden": 128},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for name, size in SIZES.items():
        run(name, find(name).config_type(
            save_path=folder / name, epochs=2, n_train=1000, n_validation=50, num_threads=1,
            timing_seconds=0.0, energy_seconds=0.0, mnist_path=small_data.path(), **size,
        ))  # fmt: skip
    return folder


@pytest.mark.parametrize("name", SIZES)
def test_pictures_of_test_images_are_answered_as_the_images_are(
    trained: Path, name: str, tmp_path: Path
) -> None:
    images = small_data.dataset().test.pixels[:20]
    for k, image in enumerate(images):
        picture = np.pad(255 - np.kron(image, np.ones((10, 10), np.uint8)), 50, constant_values=255)
        Image.fromarray(picture).save(tmp_path / f"{k:02d}.png")
    drawn = predict(trained / name, [tmp_path], num_threads=1)
    given = predict(trained / name, images, as_is=True, num_threads=1)
    assert np.array_equal(given.images, images)
    same = [a.answer == b.answer for a, b in zip(drawn.answers, given.answers, strict=True)]
    assert np.mean(same) >= 0.9


@pytest.mark.parametrize("name", SIZES)
def test_an_answer_depends_on_its_image_alone(trained: Path, name: str) -> None:
    images = small_data.dataset().test.pixels[:6]
    whole = predict(trained / name, images, as_is=True, num_threads=1).answers
    back = predict(trained / name, images[::-1], as_is=True, num_threads=1).answers[::-1]
    for one, other in zip(whole, back, strict=True):
        assert (one.scores, one.additions, one.energy_j) == (
            other.scores, other.additions, other.energy_j
        )  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_python_and_the_command_answer_alike(trained: Path, name: str) -> None:
    images = small_data.dataset().test.pixels[:5]
    command = predict(trained / name, images, as_is=True, num_threads=1)
    run = spikeoff.load_run(trained / name)
    scores = np.array([list(one.scores.values()) for one in command.answers])
    np.testing.assert_allclose(scores, run.respond(images).scores, rtol=1e-5, atol=1e-5)


def test_costs_per_image_have_the_mean_that_the_ledger_reports(trained: Path) -> None:
    """A conventional network has no chance in it: its mean over the test images is the record's."""
    test = small_data.dataset().test
    found = predict(trained / "mlp", test.pixels, as_is=True, num_threads=1)
    record = read_run(trained / "mlp")
    operations = record.summary["operations"]
    mean = np.mean([one.products + one.additions for one in found.answers])
    assert mean == pytest.approx(operations["effective_macs"] + operations["effective_acs"])
    assert [one.answer for one in found.answers] == [str(k) for k in record.answers]
    assert found.confidence_unit == "softmax share"
    for one in found.answers[:20]:
        scores = np.array(list(one.scores.values()))
        assert one.confidence == pytest.approx(np.exp(scores.max()) / np.exp(scores).sum())


def test_the_command_prints_a_table_or_json(trained: Path, tmp_path: Path, mnist: Dataset) -> None:
    path = tmp_path / "four.png"
    Image.fromarray(255 - np.kron(mnist.test.pixels[4], np.ones((9, 9), np.uint8))).save(path)
    done = program.spikeoff("predict", trained / "izhikevich-stdp", path, "--num_threads", 1)
    assert done.returncode == 0
    for word in ("Answer", "Runner-up", "margin, output spikes", "AC", "estimated with"):
        assert word in done.stdout
    done = program.spikeoff("predict", trained / "izhikevich-stdp", path, "--json")
    held = json.loads(done.stdout)
    assert held["answers"][0]["name"] == str(path)
    assert set(held["answers"][0]["scores"]) == set(map(str, range(10)))


@pytest.mark.parametrize(
    ("run_name", "picture", "message"),
    [("mlp", "white.png", "white.png: no ink found"), ("mlp", "nowhere.png", "nowhere.png: cannot"),
     ("nowhere", "white.png", "no run in this folder")],
)  # fmt: skip
def test_what_cannot_be_answered_is_one_line(
    trained: Path, tmp_path: Path, run_name: str, picture: str, message: str
) -> None:
    Image.new("L", (90, 90), 255).save(tmp_path / "white.png")
    done = program.spikeoff("predict", trained / run_name, tmp_path / picture)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
