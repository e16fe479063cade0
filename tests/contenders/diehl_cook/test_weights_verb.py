"""``weights`` as a user types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spikeoff.cli import main
from spikeoff.contenders.diehl_cook.connections import NAMES, generate, read_connection, shapes

SCRIPT = Path(__file__).parents[3] / "scripts" / "MNIST_random_conn_generator.py"


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of ``spikeoff weights ARGUMENTS``."""
    with pytest.raises(SystemExit) as caught:
        main(["weights", *arguments])
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_paths_are_printed_and_what_is_there_is_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, _ = call(capsys, "--data_path", str(tmp_path), "--n_e", "20", "--n_i", "30")
    assert status == 0
    assert out.splitlines() == [str(tmp_path / f"{name}.npy") for name in NAMES]
    for name, connection in generate(20, 30, seed=0).items():
        read = read_connection(tmp_path / f"{name}.npy", shapes(20, 30)[name])
        np.testing.assert_array_equal(read, connection.weights)

    before = contents(tmp_path)
    again = ("--data_path", str(tmp_path), "--n_e", "20", "--n_i", "30", "--seed", "1")
    status, out, err = call(capsys, *again)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"{tmp_path / 'XeAe.npy'}: there already" in err
    assert contents(tmp_path) == before

    (tmp_path / "XeAe.npy").unlink()
    status, _, err = call(capsys, *again)
    assert status == 2
    assert f"{tmp_path / 'XeAi.npy'}: there already" in err
    assert not (tmp_path / "XeAe.npy").exists()

    assert call(capsys, *again, "--overwrite")[0] == 0
    assert contents(tmp_path).keys() == before.keys()
    assert contents(tmp_path) != before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--n_e", "1"], "`n_e` (=1) must be a whole number from 2 to 20000"),
        (["--n_i", "20001"], "`n_i` (=20001) must be a whole number from 2 to 20000"),
        (["--seed", "-1"], "`seed` (=-1) must be a whole number from 0"),
        (["--n_e", "4", "--n_i", "5"], "`n_i` must be at least 100, or 4 itself"),
        (["--n_e", "10000"], "AiAe.npy: 99990000 synapses make a file of over 1 GiB"),
        (["--data_path", "/dev/null/random"], "/dev/null/random/XeAe.npy: cannot be written"),
    ],
)
def test_bad_input_gets_one_line_and_writes_nothing(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_script_takes_its_flags(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--data_path", str(tmp_path / "made"), "--n_e", "8"]
    subprocess.run(command, capture_output=True, check=True)
    assert contents(tmp_path / "made").keys() == {f"{name}.npy" for name in NAMES}
    again = subprocess.run(command, capture_output=True, check=False)
    assert again.returncode == 2
