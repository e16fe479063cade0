"""A run that was stopped and went on ends as one that was not, bit for bit."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spikeoff.contenders.base import Config, threads_may_decide
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.data import load_dataset
from spikeoff.data.export import export
from spikeoff.errors import UserError
from spikeoff.run.checkpoints import NAMES
from spikeoff.run.folder import CONFIG, RunFolder
from spikeoff.run.session import resume, run
from spikeoff.run.signals import Interrupted
from tests import killing, program, small_data

SMALL: dict[str, dict[str, Any]] = {
    "diehl-cook": {"n_e": 20, "n_e2": 6, "example_time": 0.15, "resting_time": 0.05,
                   "input_intensity": 6.0, "update_interval": 150, "save_interval": 400},
    "izhikevich-gradient": {"hidden": (48,), "n_steps": 10, "batch_size": 32},
    "izhikevich-sparse": {"hidden": (48,), "batch_size": 32, "keep": 0.4},
    "izhikevich-stdp": {"n_hidden": 100},
    "mlp": {"hidden": (32,), "batch_size": 16, "patience": 1},
    "mlp-int8": {"hidden": (32,), "batch_size": 16, "patience": 1},
    "cnn": {"n_hidden": 32, "batch_size": 16},
}  # fmt: skip
COMMON: dict[str, Any] = {
    "epochs": 3, "n_train": 500, "n_validation": 100, "num_threads": 1, "timing_seconds": 0.0,
}  # fmt: skip
STEPS = {
    "diehl-cook": 7, "izhikevich-gradient": 4, "izhikevich-sparse": 4, "izhikevich-stdp": 2,
    "mlp": 2, "mlp-int8": 2, "cnn": 2,
}  # fmt: skip
"""Steps of a pass over 500 images."""


def config(name: str, folder: Path, **changes: Any) -> Config:
    fields = {**COMMON, "mnist_path": small_data.path(), **SMALL[name], **changes}
    return find(name).config_type(save_path=folder, **fields)


def stop_at(monkeypatch: pytest.MonkeyPatch, name: str, step: int, signum: int) -> None:
    """Let a signal come in the run's ``step``-th step of this process."""
    kind, done = find(name), [0]
    whole = kind.keep

    def keep(self: Any, folder: Path) -> None:
        whole(self, folder)
        done[0] += 1
        if done[0] == step:
            os.kill(os.getpid(), signum)

    monkeypatch.setattr(kind, "keep", keep)


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Tests in the background are started with SIGINT ignored, which a run would respect."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.fixture(scope="module", params=BUILT_IN)
def alone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each contender that nothing disturbs."""
    folder = tmp_path_factory.mktemp("alone") / str(request.param)
    return run(request.param, config(request.param, folder)).folder


@pytest.mark.slow
def test_stopped_in_a_pass_and_between_two_it_ends_with_the_same_bits(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, folder = alone.name, tmp_path / "run"
    begin: Callable[[], Any] = lambda: run(name, config(name, folder))  # noqa: E731
    for step, signum in ((1, signal.SIGTERM), (STEPS[name], signal.SIGINT), (1, signal.SIGTERM)):
        with monkeypatch.context() as patch:
            stop_at(patch, name, step, signum)
            with pytest.raises(Interrupted) as caught:
                begin()
        assert (caught.value.signum, caught.value.folder) == (signum, folder)
        begin = lambda: resume(folder)  # noqa: E731
    record = resume(folder)
    assert killing.differences(killing.results(alone), killing.results(folder)) == []
    assert record.summary["resumed"] == 3
    assert not any((folder / checkpoint).exists() for checkpoint in (*NAMES, "run.lock"))
    assert resume(folder).summary == record.summary


def test_stopped_after_the_last_pass_it_only_concludes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run("mlp", config("mlp", tmp_path / "whole"))
    monkeypatch.setattr("spikeoff.run.checkpoints.WORTH_KEEPING_S", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(
            find("mlp"), "conclude", lambda self, images: os.kill(os.getpid(), signal.SIGINT)
        )
        with pytest.raises(Interrupted):
            run("mlp", config("mlp", tmp_path / "run"))
    with monkeypatch.context() as patch:
        patch.setattr(find("mlp"), "learn", None)  # what is not called is not missed
        resume(tmp_path / "run")
    assert not killing.differences(killing.results(whole.folder), killing.results(tmp_path / "run"))


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with both checkpoints, stopped in its second pass."""
    folder = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        stop_at(patch, "mlp", 3, signal.SIGTERM)
        with pytest.raises(Interrupted):
            run("mlp", config("mlp", folder, checkpoint_examples=1))
    return folder


def log(folder: Path) -> str:
    return (folder / "honest_cnn_log.log").read_text()


@pytest.mark.parametrize("damage", ["flipped", "cut off", "empty"])
def test_a_damaged_checkpoint_is_told_and_the_one_before_used(
    stopped: Path, tmp_path: Path, damage: str
) -> None:
    whole = run("mlp", config("mlp", tmp_path / "whole"))
    last = max((stopped / name for name in NAMES), key=lambda path: path.stat().st_mtime_ns)
    raw = last.read_bytes()
    middle = len(raw) // 2
    flipped = raw[:middle] + bytes([raw[middle] ^ 16]) + raw[middle + 1 :]
    last.write_bytes({"flipped": flipped, "cut off": raw[:-100], "empty": b""}[damage])
    resume(stopped)
    assert f"not used: {last}: damaged" in log(stopped)
    assert "continuing in epoch" in log(stopped)
    assert not killing.differences(killing.results(whole.folder), killing.results(stopped))


def test_with_fewer_cores_it_goes_on_and_says_so(
    stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stopped / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_threads": 1000}))
    monkeypatch.setattr("spikeoff.run.session.available_cores", lambda: 1)
    assert resume(stopped).summary["environment"]["threads"] == 1
    assert "began on 1000 threads and goes on with 1; its last bits may differ" in log(stopped)


def test_threads_decide_no_bit_of_some_networks_nor_of_strict_mode() -> None:
    decides = {
        (name, strict): threads_may_decide(find(name), find(name).config_type(strict=strict))
        for name in ("izhikevich-gradient", "izhikevich-stdp", "diehl-cook")
        for strict in (False, True)
    }
    assert [key for key, value in decides.items() if value] == [("izhikevich-gradient", False)]


def test_data_that_were_moved_can_be_named(stopped: Path, tmp_path: Path) -> None:
    path = stopped / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), "mnist_path": "gone"}))
    with pytest.raises(UserError, match="add --mnist_path"):
        resume(stopped)
    with pytest.raises(UserError, match="checkpoint is of another data"):
        resume(stopped, paths={"mnist_path": "mnist"})
    with pytest.raises(UserError, match="mlp has no such setting"):
        resume(stopped, paths={"data_path": "weights"})
    assert resume(stopped, paths={"mnist_path": small_data.path()}).summary["resumed"] == 1


def test_with_both_damaged_the_run_begins_anew_and_says_so(stopped: Path, tmp_path: Path) -> None:
    whole = run("mlp", config("mlp", tmp_path / "whole"))
    for name in NAMES:
        (stopped / name).write_bytes(b"x" * 300)
    resume(stopped)
    assert "no checkpoint found; starting over" in log(stopped)
    assert not killing.differences(killing.results(whole.folder), killing.results(stopped))


@pytest.mark.slow
def test_a_checkpoint_of_another_network_or_other_images_is_refused(
    stopped: Path, tmp_path: Path
) -> None:
    settings = json.loads((stopped / "config.json").read_text())
    (stopped / "config.json").write_text(json.dumps(settings | {"n_hidden": 33}))
    with pytest.raises(UserError, match=r"does not fit this network .*'hidden.weight'"):
        resume(stopped)
    other = load_dataset()
    export(replace(other, test=other.test.take(slice(0, 500))), "npz", tmp_path)
    changed = {"mnist_path": str(tmp_path / "mnist.npz")}
    (stopped / "config.json").write_text(json.dumps(settings | changed))
    with pytest.raises(UserError, match="the checkpoint is of another data"):
        resume(stopped)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "damaged"),
        (b"[]", "damaged"),
        (b"{}", "not the settings of a run"),
        (b'{"contender": "mlp", "n_hiden": 3}', "`n_hiden` is no setting of MLPConfig"),
        (b'{"contender": "mlp", "n_hidden": "3"}', "`n_hidden` (=3) must be a whole number"),
        (b'{"contender": "mpl"}', "'mpl' is no contender"),
    ],
)
def test_damaged_settings_get_one_line(stopped: Path, content: bytes, message: str) -> None:
    (stopped / "config.json").write_bytes(content)
    with pytest.raises(UserError) as caught:
        resume(stopped)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_for_one_process_at_a_time(stopped: Path) -> None:
    with (
        RunFolder(stopped, resumed=True),
        pytest.raises(UserError, match="another process writes to this folder"),
    ):
        resume(stopped)
    resume(stopped)


@pytest.mark.slow
@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_program_with_the_line_that_resumes(
    tmp_path: Path, signum: int, status: int
) -> None:
    folder = tmp_path / "my run"
    arguments = killing.first_call("mlp", folder)
    process = killing.start([*arguments[:-1], str(folder), "--epochs", "5000"])
    while not (folder / NAMES[1]).exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signum)
    _, err = process.communicate(timeout=killing.LONGEST_S)
    assert process.returncode == status
    assert err.splitlines()[-1] == (
        f"spikeoff: interrupted; go on with: spikeoff train --resume '{folder}'"
    )
    assert "Traceback" not in err
    refused = program.spikeoff("train", "--resume", folder, "--epochs", "3")
    assert refused.returncode == 2
    assert "`--epochs` cannot be given with --resume" in refused.stderr


def flags(name: str, folder: Path) -> list[str]:
    """The program's words for ``config(name, folder)``, with a checkpoint after every step."""
    words = [name, "--save_path", str(folder), "--mnist_path", small_data.path(),
             "--checkpoint_examples", "1"]  # fmt: skip
    for field, value in (COMMON | SMALL[name]).items():
        values = value if isinstance(value, tuple) else (value,)
        words += [f"--{'n_hidden' if field == 'hidden' else field}", *map(str, values)]
    return words


@pytest.mark.slow
def test_killed_while_it_writes_a_checkpoint_it_goes_on(alone: Path, tmp_path: Path) -> None:
    """The run that is killed is a process; this one made the other, and goes on with it."""
    name, folder = alone.name, tmp_path / "run"
    count = random.Random(name).randint(2, 3)
    killing.kill_half_written(flags(name, folder), count)
    assert len(list(folder.glob(".part-*"))) == 1
    done = program.spikeoff("train", "--resume", folder)
    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "summary.json").read_text())["resumed"] == 1
    assert not list(folder.glob(".part-*"))
    assert killing.differences(killing.results(alone), killing.results(folder)) == []
