"""The trained networks in the package: what they answer, what they take, and who finds them."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import spikeoff
from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.experiments.exports.model_card import export
from spikeoff.experiments.prediction import predict
from spikeoff.pretrained import HERE, pretrained_folder, run_folder
from spikeoff.report.lab.choice import chosen_runs
from spikeoff.report.lab.networks import describe
from spikeoff.report.pretrained_table import terminal_table
from spikeoff.run.learned import pack, read_state, unpack
from spikeoff.run.run_record import read_run
from spikeoff.run.session import run
from spikeoff.run.trained import load_trained
from tests import program

ROOT = Path(__file__).parents[1]
NAMES = (
    "cnn", "diehl-cook", "izhikevich-gradient", "izhikevich-sparse", "izhikevich-stdp", "mlp"
)  # fmt: skip


def test_six_networks_are_in_the_package() -> None:
    assert spikeoff.pretrained_names() == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_answers_as_its_record_says(name: str, mnist: Dataset) -> None:
    loaded = spikeoff.load_pretrained(name)
    assert loaded.contender == name
    few = mnist.test.take(slice(0, 8))
    assert loaded.predict(few).tolist() == loaded.run_record.answers[:8].tolist()
    assert set(loaded.predict(few.pixels[:2])) <= set(range(10))
    assert loaded.accuracy == np.mean(loaded.run_record.answers == mnist.test.labels)


@pytest.mark.parametrize("name", ["mlp", "izhikevich-sparse"])
def test_the_accuracy_of_the_record_is_that_on_all_test_images(name: str, mnist: Dataset) -> None:
    loaded = spikeoff.load_pretrained(name)
    assert np.mean(loaded.predict(mnist.test) == mnist.test.labels) == loaded.accuracy
    assert np.mean(loaded.predict(mnist.test.pixels) == mnist.test.labels) == pytest.approx(
        loaded.accuracy, abs=0.005
    )


@pytest.mark.parametrize("name", NAMES)
def test_python_the_command_and_the_live_page_have_the_same_weights(name: str) -> None:
    """Rounded alike in all three, so that rounding for the page changes nothing."""
    network = spikeoff.load_pretrained(name).network
    state, page = network.state(), describe(network)["arrays"]
    again = load_trained(pretrained_folder(name), num_threads=1)[0].state()
    for weights in network.weight_names():
        np.testing.assert_array_equal(again[weights], state[weights])
        if weights in page:
            np.testing.assert_array_equal(decoded(page[weights]), state[weights].reshape(-1))
    assert set(network.weight_names()) & page.keys()


def decoded(packed: dict[str, Any]) -> Any:
    """Numbers of the page, as its script reads them."""
    planes = np.frombuffer(
        zlib.decompress(base64.b85decode(packed["data"].replace(",", "<"))), np.uint8
    )
    dtype = np.dtype(packed["dtype"]).newbyteorder("<")
    return planes.reshape(dtype.itemsize, -1).T.copy().view(dtype).reshape(-1)


@pytest.mark.parametrize("name", ["cnn", "izhikevich-sparse"])
def test_the_command_answers_as_the_api_does(name: str, mnist: Dataset) -> None:
    """Without chance in the input spikes, which each draws by a number of its own."""
    pixels = mnist.test.pixels[:5]
    said = predict(pretrained_folder(name), pixels, as_is=True, num_threads=1).answers
    loaded = spikeoff.load_pretrained(name)
    assert [one.answer for one in said] == [loaded.classes[k] for k in loaded.predict(pixels)]
    np.testing.assert_allclose(
        [list(one.scores.values()) for one in said], loaded.respond(pixels).scores, rtol=1e-5
    )


def test_all_files_together_take_less_than_6_mb() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 6e6


def test_a_wheel_has_every_file_of_every_network() -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    built = wheel.WheelBuilder(str(ROOT))
    included = {Path(one.path) for one in built.recurse_included_files()}
    needed = {path for name in NAMES for path in (HERE / name).iterdir()}
    assert needed <= included


def test_a_record_says_how_its_network_was_trained_and_names_no_place() -> None:
    for name in NAMES:
        summary = read_run(pretrained_folder(name)).summary
        made = summary["pretrained"]
        assert made["command"].startswith("spikeoff ")
        assert name in made["command"]
        assert made["significant_bits"] == 8
        assert summary["data"]["n_test"] == 10_000
        for key in ("save_path", "data_path"):
            assert summary["config"].get(key) is None


def test_a_name_means_the_network_of_the_package_unless_a_folder_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_folder(Path("mlp")) == HERE / "mlp"
    Path("mlp").mkdir()
    assert run_folder(Path("mlp")) == Path("mlp")


def test_a_name_that_no_network_has_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'mpl' is no pretrained network; choose from cnn, diehl"):
        spikeoff.load_pretrained("mpl")
    for words in (["predict", "mpl", "x.png"], ["lab", "mpl"], ["export", "mpl"]):
        done = program.spikeoff(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert "mpl: no run in this folder" in done.stderr
        assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_live_page_shows_them_where_no_run_is_named() -> None:
    assert [record.contender for record in chosen_runs(()).shown] == list(NAMES)
    assert [record.contender for record in chosen_runs([Path("cnn"), Path("mlp")]).shown] == [
        "cnn", "mlp"
    ]  # fmt: skip


def test_the_list_has_a_row_for_each() -> None:
    assert terminal_table().row_count == len(NAMES)
    done = program.spikeoff("pretrained")
    assert done.returncode == 0
    for name in NAMES:
        assert name in done.stdout


def test_the_page_of_the_documentation_has_the_figures_of_the_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert maker(monkeypatch).page_table() in (ROOT / "docs" / "pretrained.md").read_text()


def test_the_model_card_says_what_was_rounded(tmp_path: Path) -> None:
    export(pretrained_folder("mlp"), tmp_path / "card")
    card = (tmp_path / "card" / "README.md").read_text()
    assert "rounded to 8 significant bits" in card
    assert read_run(pretrained_folder("mlp")).summary["pretrained"]["command"] in card


@given(
    arrays.arrays(
        np.float32, arrays.array_shapes(min_dims=2, max_dims=3),
        elements=st.floats(-65280, 65280, width=32),
    )
)  # fmt: skip
def test_weights_are_rounded_as_bfloat16_rounds_and_other_arrays_are_kept(
    weights: np.ndarray[Any, np.dtype[np.float32]],
) -> None:
    bias = weights.reshape(-1)
    kept = unpack(pack({"bias": bias, "hidden": weights}, ["hidden"]))
    np.testing.assert_array_equal(kept["bias"], bias)
    hidden = kept["hidden"]
    assert hidden.dtype == np.float32
    as_torch = torch.from_numpy(weights).bfloat16().float().numpy()
    in_range = (np.abs(as_torch) >= 2.0**-17) & (np.abs(as_torch) <= 65280)
    np.testing.assert_array_equal(hidden[in_range], as_torch[in_range])
    again = unpack(pack(kept, ["hidden"]))
    np.testing.assert_array_equal(again["hidden"], hidden)


@pytest.mark.parametrize("content", [b"nonsense", None], ids=["bytes", "planes"])
def test_damaged_weights_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.npz"
    if content is None:
        np.savez_compressed(path, **{"hidden.float16": np.zeros((3, 5), np.uint8)})
    else:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"weights\.npz"):
        read_state(tmp_path)


def maker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script that makes the networks."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import make_pretrained

    return make_pretrained


@pytest.mark.slow
def test_the_same_run_makes_the_same_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mnist: Dataset
) -> None:
    from spikeoff.contenders.registry import find

    make = maker(monkeypatch).make
    config = find("mlp").config_type(
        save_path=tmp_path / "run", epochs=1, n_train=2000, n_validation=100, num_threads=1,
        timing_seconds=0.0, energy_seconds=0.0, hidden=(16,), learning_rate=0.05,
    )  # fmt: skip
    record = run("mlp", config)
    for place in ("one", "two"):
        make(record, tmp_path / place)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    made = spikeoff.load_run(tmp_path / "one")
    state = made.network.state()
    for name in made.network.weight_names():
        np.testing.assert_allclose(state[name], read_state(record.folder)[name], rtol=2.0**-8)
    np.testing.assert_array_equal(made.predict(mnist.test), made.run_record.answers)
    assert made.summary["pretrained"]["accuracy_before_rounding"] == record.summary["accuracy"]
