"""Initial weights: exact counts, published ranges, and the list form on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikeoff.cli import main
from spikeoff.contenders.diehl_cook.connections import generate, read_connection, write_connection
from spikeoff.errors import UserError


def test_equal_sizes_are_wired_as_published() -> None:
    made = generate(50, 50, seed=1)
    np.testing.assert_array_equal(made["AeAi"].weights, 10.4 * np.eye(50))
    np.testing.assert_array_equal(made["AiAe"].weights, 17.0 * (1 - np.eye(50)))
    inputs = made["XeAe"].weights
    assert inputs.shape == (784, 50)
    assert 0.003 <= inputs.min() < inputs.max() < 0.303
    assert abs(inputs.mean() - 0.3 * 0.51) < 4 * 0.3 / np.sqrt(12 * inputs.size)
    assert made["XeAi"].present.sum() == 3920


def test_other_sizes_have_exactly_the_share_of_synapses() -> None:
    made = generate(60, 45, seed=1)
    assert made["AeAi"].present.sum() == int(60 * 45 * 0.0025)
    assert made["AiAe"].present.sum() == int(45 * 60 * 0.9)


def test_weights_follow_the_seed_and_inputs_do_not_depend_on_inhibition() -> None:
    one, again, other = (generate(60, n_i, seed)["XeAe"].weights for n_i, seed in
                         ((60, 3), (45, 3), (60, 4)))  # fmt: skip
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_the_list_form_comes_back(tmp_path: Path) -> None:
    made = generate(60, 45, seed=2)
    for name, connection in made.items():
        path = tmp_path / f"{name}.npy"
        write_connection(path, connection.weights, connection.present)
        assert np.load(path).shape == (connection.present.sum(), 3)
        np.testing.assert_array_equal(
            read_connection(path, connection.weights.shape), connection.weights
        )


@pytest.mark.parametrize(
    ("rows", "complete"),
    [
        ([[0, 0, 0.5, 1.0]], False),
        ([[0, 9, 0.5]], False),
        ([[0.5, 0, 0.5]], False),
        ([[0, 0, float("nan")]], False),
        ([[0, 0, -0.5]], False),
        ([[0, 0, 0.5], [0, 0, 0.5]], False),
        ([[0, 0, 0.5]], True),
    ],
)
def test_bad_lists_are_refused_in_one_line(tmp_path: Path, rows: object, complete: bool) -> None:
    path = tmp_path / "XeAe.npy"
    np.save(path, np.array(rows))
    with pytest.raises(UserError, match=r"XeAe\.npy") as caught:
        read_connection(path, (2, 3), complete=complete)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["empty", "short", "long", "foreign", "objects"])
def test_damaged_files_are_refused_in_one_line(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "XeAe.npy"
    np.save(path, np.array([[0, 0, 0.5]]))
    raw = path.read_bytes()
    content = {"empty": b"", "short": raw[:-3], "long": raw + b"x", "foreign": b"GIF89a" * 40}
    if damage == "objects":
        np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    else:
        path.write_bytes(content[damage])
    with pytest.raises(UserError, match=r"XeAe\.npy") as caught:
        read_connection(path, (2, 3))
    assert "\n" not in str(caught.value)


def test_the_verb_writes_four_files_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["weights", "--data_path", str(tmp_path / "random"), "--n_e", "50"]
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert not caught.value.code
    files = {path.name: path.read_bytes() for path in (tmp_path / "random").iterdir()}
    assert files.keys() == {"XeAe.npy", "XeAi.npy", "AeAi.npy", "AiAe.npy"}
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--seed", "1"])
    assert caught.value.code == 2
    assert "there already" in capsys.readouterr().err
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "random").iterdir()}
