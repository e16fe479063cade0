"""Receptive fields and rasters of the page, by hand."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.ledger.raster import read_raster
from spikeoff.report.data_uris import heat_uri, palette_uri
from spikeoff.report.rasters import ANSWER, MAX_FRAMES, rasters
from spikeoff.report.receptive_fields import by_class, receptive_fields
from spikeoff.run.folder import WEIGHTS
from spikeoff.run.run_record import RunRecord
from tests.report import made


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> dict[str, list[RunRecord]]:
    folder = tmp_path_factory.mktemp("runs")
    return {name: [made.run(folder, mnist, name, 0)] for name in made.CONTENDERS}


def opened(uri: str) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    return np.asarray(image.convert("RGBA"))


def test_pictures_keep_their_colours() -> None:
    entries = np.array([[0, 1], [2, 0]], np.uint8)
    picture = opened(palette_uri(entries, [(10, 20, 30), (200, 100, 50)]))
    assert picture[0, 1].tolist() == [10, 20, 30, 255]
    assert picture[1, 0].tolist() == [200, 100, 50, 255]
    assert picture[0, 0, 3] == picture[1, 1, 3] == 0
    heat = opened(heat_uri(np.array([[0.0, 0.5, 1.0, np.nan]])))
    assert (np.diff(heat[0, :3, :3].astype(int).sum(axis=1)) > 0).all()  # brighter
    assert heat[0, :, 3].tolist() == [255, 255, 255, 0]


def test_the_neurons_that_respond_most_stand_in_their_digits_row() -> None:
    weights = np.zeros((3, 784))
    weights[[0, 1, 2], [0, 1, 2]] = [2.0, 4.0, 8.0]
    means = np.zeros((10, 3))
    means[7] = [1, 3, 0]  # neuron 2 never fired
    picture = by_class(weights, means)
    row = picture[7 * 29 : 7 * 29 + 28]
    assert row[0, 1] == 1.0  # neuron 1, the stronger, first
    assert row[0, 29] == 1.0
    assert np.isnan(row[:, 58:]).all()
    assert np.isnan(picture[: 7 * 29]).all()


def test_fields_are_drawn_of_networks_that_have_them(
    groups: dict[str, list[RunRecord]],
) -> None:
    fields = receptive_fields(groups)
    assert [one.name for one in fields] == ["izhikevich-stdp", "diehl-cook"]
    for one in fields:
        height, width = opened(one.picture).shape[:2]
        assert one.ratio == pytest.approx(width / height)


def test_runs_without_weights_are_left_out_and_damaged_ones_refused(
    tmp_path: Path, mnist: Dataset
) -> None:
    run = made.run(tmp_path, mnist, "diehl-cook", 0)
    (run.folder / WEIGHTS).write_bytes(b"nonsense")
    with pytest.raises(UserError, match="damaged"):
        receptive_fields({"diehl-cook": [run]})
    (run.folder / WEIGHTS).unlink()
    assert receptive_fields({"diehl-cook": [run]}) == []


def test_frames_hold_all_spikes(groups: dict[str, list[RunRecord]]) -> None:
    shown = rasters(groups)
    assert [panel.name for panel in shown.panels] == list(made.STEPS)
    assert [image["label"] for image in shown.images] == list("0123456789")
    assert shown.missing == []
    for panel in shown.panels:
        raster = read_raster(groups[panel.name][0].folder)
        assert raster is not None
        steps = made.STEPS[panel.name]
        assert panel.frames <= MAX_FRAMES
        assert panel.frames * panel.frame_ms == pytest.approx(steps * 0.5)
        for image, one in zip(panel.images, raster.shown, strict=True):
            assert image["counts"][-1] == [one.inputs.sum(), one.hidden.sum()]
            packed = np.frombuffer(base64.b64decode(image["inputs"]), np.uint8)
            bits = np.unpackbits(packed.reshape(panel.frames, 98), axis=1)
            np.testing.assert_array_equal(bits.any(axis=0), one.inputs.any(axis=0))
            assert len(image["bars"]) == panel.frames
            assert np.argmax(image["bars"][-1]) == one.scores[-1].argmax()


def test_neurons_that_speak_for_the_answer_are_marked(groups: dict[str, list[RunRecord]]) -> None:
    name = "izhikevich-gradient"
    (panel,) = rasters({name: groups[name]}).panels
    raster = read_raster(groups[name][0].folder)
    assert raster is not None
    vermilion = (0xD5, 0x5E, 0x00)
    for image, one in zip(panel.images, raster.shown, strict=True):
        speaking = one.hidden[:, raster.speaks_for == image["answer"]].any()
        picture = opened(image["hidden"])
        assert (picture[..., :3] == vermilion).all(axis=2).any() == speaking
    assert ANSWER == 2


def test_a_run_without_spikes_is_named(groups: dict[str, list[RunRecord]], tmp_path: Path) -> None:
    bare = replace(groups["diehl-cook"][0], folder=tmp_path)
    shown = rasters({**groups, "diehl-cook": [bare]})
    assert shown.missing == ["diehl-cook"]
    assert len(shown.panels) == 2
    assert rasters({"mlp": groups["mlp"]}).missing == []
