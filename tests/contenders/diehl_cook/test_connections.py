"""Initial weights: exact counts, published ranges, and the list form on disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from spikeoff.cli import main
from spikeoff.contenders.diehl_cook.connections import (
    NAMES,
    draw_pairs,
    generate,
    generate_connection,
    read_connection,
    sizes,
    synapse_count,
    write_connection,
)
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


@pytest.mark.parametrize(("n_e", "n_i"), [(2, 2), (9, 9), (7, 58), (58, 7), (60, 61), (400, 100)])
def test_laws_of_every_size(n_e: int, n_i: int) -> None:
    share = {"XeAe": 784 * n_e, "XeAi": 784 * n_i // 10}
    share |= (
        {"AeAi": n_e, "AiAe": n_e * (n_e - 1)}
        if n_e == n_i
        else {"AeAi": n_e * n_i // 400, "AiAe": n_e * n_i * 9 // 10}
    )
    scale = {"XeAe": 0.3, "XeAi": 0.2, "AeAi": 10.4, "AiAe": 17.0}
    for name, made in generate(n_e, n_i, seed=5).items():
        assert np.count_nonzero(made.present) == share[name] == synapse_count(name, n_e, n_i)
        assert not made.weights[~made.present].any()
        weights = made.weights[made.present] / scale[name] - (0.01 if name == "XeAe" else 0)
        if n_e == n_i and name in ("AeAi", "AiAe"):
            assert set(weights) == {1.0}
        else:
            assert weights.min() > -1e-12
            assert weights.max() < 1
            # U has mean 1/2 and variance 1/12; five standard errors of each.
            assert abs(weights.mean() - 1 / 2) < 5 / np.sqrt(12 * len(weights))
            assert abs(weights.var() - 1 / 12) < 5 / np.sqrt(180 * len(weights)) + 1 / len(weights)


def test_each_connection_draws_for_itself() -> None:
    together = generate(40, 50, seed=7)
    for name in NAMES:
        alone = generate_connection(name, 40, 50, seed=7)
        np.testing.assert_array_equal(alone.weights, together[name].weights)
        np.testing.assert_array_equal(alone.present, together[name].present)
        other = generate_connection(name, 40, 50, seed=8)
        assert (other.weights != alone.weights).any()


@pytest.mark.parametrize("count", [0, 1, 3, 8, 11, 12])
def test_every_pair_is_as_likely_as_any_other(rng: np.random.Generator, count: int) -> None:
    n = 2000
    drawn = np.zeros((3, 4))
    for _ in range(n):
        mask = draw_pairs(rng, (3, 4), count)
        assert mask.sum() == count
        drawn += mask
    p = count / 12
    assert (abs(drawn / n - p) <= 5 * np.sqrt(p * (1 - p) / n)).all()


@pytest.mark.parametrize(
    ("n_e", "n_i", "seed", "message"),
    [
        (1, 5, 0, r"`n_e` \(=1\) must be a whole number from 2 to 20000"),
        (5, 20_001, 0, r"`n_i` \(=20001\) must be a whole number from 2 to 20000"),
        (5, 5, -1, r"`seed` \(=-1\) must be a whole number from 0 to 4294967295"),
        (5, 5, 2**32, r"`seed` \(=4294967296\)"),
        (10, 20, 0, r"AeAi would be empty: .* `n_i` must be at least 40, or 10 itself"),
        (7, 57, 0, r"AeAi would be empty: .* `n_i` must be at least 58, or 7 itself"),
    ],
)
def test_sizes_that_cannot_be_generated(n_e: int, n_i: int, seed: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        generate(n_e, n_i, seed)


SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)
FINITE = st.floats(0, 1e300)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data(), SHAPES)
def test_dense_to_list_and_back(
    tmp_path: Path, data: st.DataObject, shape: tuple[int, int]
) -> None:
    weights = data.draw(hnp.arrays(np.float64, shape, elements=FINITE))
    present = data.draw(hnp.arrays(np.bool_, shape))
    present[data.draw(st.integers(0, shape[0] - 1)), data.draw(st.integers(0, shape[1] - 1))] = True
    path = tmp_path / "AeAi.npy"
    write_connection(path, weights, present)
    np.testing.assert_array_equal(read_connection(path, shape), np.where(present, weights, 0))
    assert sizes(path) == (
        np.flatnonzero(present.any(axis=1)).max() + 1,
        np.flatnonzero(present.any(axis=0)).max() + 1,
    )
    rows = np.load(path)
    assert rows.dtype == np.float64
    assert rows[:, :2].tolist() == np.argwhere(present).tolist()
    # The order of the rows means nothing.
    np.save(path, rows[data.draw(st.permutations(range(len(rows))))])
    np.testing.assert_array_equal(read_connection(path, shape), np.where(present, weights, 0))

    write_connection(path, weights)
    np.testing.assert_array_equal(read_connection(path, shape, complete=True), weights)
    assert sizes(path) == shape


def test_lists_of_tuples_as_the_circulated_code_saves_them(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    weights = rng.random((5, 4))
    columns_first = [(i, j, weights[i, j]) for j in range(4) for i in range(5)]
    np.save(tmp_path / "XeAe", columns_first)
    read = read_connection(tmp_path / "XeAe.npy", (5, 4), complete=True)
    np.testing.assert_array_equal(read, weights)
    one_to_one = [(i, i, 10.4) for i in range(4)]
    np.save(tmp_path / "AeAi", one_to_one)
    np.testing.assert_array_equal(read_connection(tmp_path / "AeAi.npy", (4, 4)), 10.4 * np.eye(4))
    assert sizes(tmp_path / "AeAi.npy") == (4, 4)


@pytest.mark.parametrize("kind", ["<i8", ">f8", "<f4", "|u1"])
def test_any_kind_of_number_will_do(tmp_path: Path, kind: str) -> None:
    rows: NDArray[np.generic] = np.array([[0, 2, 17], [1, 0, 3]], kind)
    np.save(tmp_path / "a.npy", np.asfortranarray(rows))
    assert read_connection(tmp_path / "a.npy", (2, 3)).tolist() == [[0, 0, 17], [3, 0, 0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0, 0, 0.5, 1.0]], "its shape is (1, 4); a connection is a list of rows"),
        ([0.0, 0.0, 0.5], "its shape is (3,); a connection is"),
        ([], "it holds no synapse"),
        (np.empty((0, 3)), "it holds no synapse"),
        ([[True, False, True]], "it holds bool"),
        ([[0, 0, 1], [2, 0, 1]], "row 1: the source is 2; with 2 neurons it must be"),
        ([[0, 3, 1]], "row 0: the target is 3; with 3 neurons it must be a whole number from 0"),
        ([[-1, 0, 1]], "row 0: the source is -1"),
        ([[0, 0.5, 1]], "row 0: the target is 0.5"),
        ([[float("nan"), 0, 1]], "row 0: the source is nan"),
        ([[0, float("inf"), 1]], "row 0: the target is inf"),
        ([[1e300, 0, 1]], "row 0: the source is 1e+300"),
        ([[0, 0, 1], [0, 1, -0.25]], "row 1: the weight is -0.25"),
        ([[0, 0, float("inf")]], "row 0: the weight is inf"),
        ([[0, 1, 1], [1, 2, 3], [1, 2, 3]], "the synapse from 1 to 2 is there twice"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, rows: list[list[float]], message: str) -> None:
    path = tmp_path / "XeAe.npy"
    np.save(path, np.array(rows))
    with pytest.raises(UserError) as caught:
        read_connection(path, (2, 3))
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_missing_pair_is_named(tmp_path: Path) -> None:
    present = np.ones((4, 5), np.bool_)
    present[2, 3] = present[3, 1] = False
    path = tmp_path / "XeAe.npy"
    write_connection(path, np.ones((4, 5)), present)
    with pytest.raises(UserError) as caught:
        read_connection(path, (4, 5), complete=True)
    assert "2 of 20 pairs have no synapse, the first from 2 to 3" in str(caught.value)


def test_sizes_are_bounded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[0, 19_999, 1.0]]))
    assert sizes(tmp_path / "a.npy") == (1, 20_000)
    np.save(tmp_path / "a.npy", np.array([[0, 20_000, 1.0]]))
    with pytest.raises(UserError, match="the target is 20000; with 20000 neurons"):
        sizes(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("weights", "present", "message"),
    [
        (np.ones((2, 2)), np.zeros((2, 2), np.bool_), "no synapse to write"),
        (np.ones((2, 2)), np.ones(4, np.bool_), "give both one shape"),
        (-np.ones((2, 2)), None, "every weight must be finite and 0 or more"),
        (np.full((2, 2), np.nan), None, "every weight must be finite and 0 or more"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(
    tmp_path: Path, weights: NDArray[np.float64], present: NDArray[np.bool_] | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        write_connection(tmp_path / "a.npy", weights, present)
    assert not list(tmp_path.iterdir())


def test_neither_pytorch_nor_numba_is_imported() -> None:
    code = (
        "import sys, spikeoff.contenders.diehl_cook.connections\n"
        "assert not {'torch', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
