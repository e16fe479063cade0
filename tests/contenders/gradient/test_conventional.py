"""The engine that a conventional network is given: what holds for Keras as it does for PyTorch."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.cli import main
from spikeoff.contenders.base import State
from spikeoff.contenders.gradient.conventional import Conventional
from spikeoff.contenders.registry import find
from spikeoff.data import Images
from spikeoff.errors import UserError
from spikeoff.experiments.campaign import read_race
from spikeoff.run.run_record import read_run
from spikeoff.run.session import run
from spikeoff.run.signals import Interrupted
from tests import killing, small_data
from tests.run.test_resume import config as small
from tests.run.test_resume import stop_at

pytestmark = pytest.mark.reference

NAMES = ("mlp", "cnn")


def make(name: str, **changes: Any) -> Conventional:
    kind: Any = find(name)
    size: dict[str, Any] = {"n_hidden": 32} if name == "cnn" else {"hidden": (32,)}
    settings = {"num_threads": 1, "batch_size": 16, "engine": "tensorflow", **size}
    return kind(kind.config_type(**settings | changes))  # type: ignore[no-any-return]


def call(*arguments: str) -> object:
    """The exit status of ``spikeoff train ARGUMENTS``."""
    with pytest.raises(SystemExit) as caught:
        main(["train", *arguments])
    return caught.value.code


def same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("name", NAMES)
def test_stopped_within_a_pass_it_goes_on_with_the_same_bits(name: str, few: Images) -> None:
    whole, first, second = make(name), make(name), make(name, seed=0)
    second.warm_up(few.take(slice(0, 2)))
    for contender in (whole, first, second):
        contender.batches_per_step = 1
    for epoch in (1, 2):
        list(whole.learn(few, epoch))
    list(first.learn(few, 1))
    steps = list(islice(first.learn(few, 2), 2))
    second.resume(first.snapshot())
    list(second.learn(few, 2, start=sum(step.examples for step in steps)))
    assert same(second.snapshot(), whole.snapshot())
    assert not same(first.state(), whole.state())


def test_a_stopped_run_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    run("mlp", small("mlp", whole, engine="tensorflow"))
    with monkeypatch.context() as patch:
        stop_at(patch, "mlp", 3, signal.SIGTERM)
        with pytest.raises(Interrupted):
            run("mlp", small("mlp", stopped, engine="tensorflow"))
    for words in (["mlp@native"], ["--engine", "native"], ["cnn@tensorflow"]):
        assert call(*words, "--resume", str(stopped)) == 2
        assert "holds a run of mlp@tensorflow, not of" in capsys.readouterr().err
    assert call("mlp", "--engine", "tensorflow", "--resume", str(stopped)) == 0
    record = read_run(stopped)
    assert (record.summary["engine"], record.summary["resumed"]) == ("tensorflow", 1)
    assert record.summary["environment"]["libraries"]["keras"]
    assert killing.differences(killing.results(whole), killing.results(stopped)) == []
    assert (stopped / "model.keras").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_learning_lowers_the_loss_and_the_account_fits(name: str, few: Images) -> None:
    contender = make(name, epochs=12)
    assert not same(contender.state(), make(name, seed=1).state())
    before = contender.loss(contender.respond(few), few)
    for epoch in range(1, 13):
        list(contender.learn(few, epoch))
    response = contender.respond(few)
    after = contender.loss(response, few)
    assert before is not None
    assert after is not None
    assert after < 0.7 * before
    account = contender.account(few)
    assert account.sparsity.activation == pytest.approx(1 - account.activity.hidden_rate, abs=1e-3)
    assert 0 < account.operations.effective_macs < account.operations.dense_macs


def test_dropout_is_drawn_from_the_batchs_seed(few: Images) -> None:
    engine = make("mlp", dropout=0.5)._keras
    assert engine is not None
    seeds = np.array([[5, 0], [5, 0], [6, 0], [5, 1]])
    losses = [engine.learn(few.flat, few.labels, 0.0, seed)[1] for seed in seeds]
    assert losses[0] == losses[1]
    assert len(set(losses)) == 3


def test_what_tensorflow_cannot_do_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"`device` \(=cuda\) must be cpu"):
        make("mlp", device="cuda")
    make("mlp")
    with monkeypatch.context() as patch:
        patch.setattr("spikeoff.contenders.gradient.conventional.thread_count", lambda n: 7)
        with pytest.raises(UserError, match=r"`num_threads` \(=7\) must be 1: TensorFlow runs"):
            make("mlp")
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(UserError, match=r"pip install 'spikeoff\[tensorflow\]'$"):
        make("mlp")


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_only_its_engine_loads_tensorflow() -> None:
    done = python(
        "import sys\n"
        "from spikeoff.contenders.registry import BUILT_IN, find\n"
        "kinds = [find(name) for name in BUILT_IN]\n"
        "for name in ('mlp', 'cnn'): find(name)(find(name).config_type())\n"
        "import spikeoff.run.session, spikeoff.experiments.exports.keras\n"
        "import spikeoff.experiments.campaign\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_both_engines_race_and_tensorflow_starts_without_a_word(tmp_path: Path) -> None:
    race = ["compare", "--contenders", "mlp@tensorflow", "mlp", "--epochs", "1", "--n_train", "300",
            "--n_validation", "50", "--num_threads", "1", "--timing_seconds", "0",
            "--energy_seconds", "0", "--mnist_path", small_data.path(),
            "--output", str(tmp_path)]  # fmt: skip
    done = python("from spikeoff.cli import main; import sys; main(sys.argv[1:])", *race)
    assert done.returncode == 0, done.stderr
    names = [line.split(" seed 0")[0] for line in done.stderr.splitlines()]
    assert set(names) == {"mlp", "mlp@tensorflow"}
    for name, engine in (("mlp", "native"), ("mlp@tensorflow", "tensorflow")):
        record = read_run(tmp_path / name / "seed-0")
        assert (record.label, record.contender, record.summary["engine"]) == (name, "mlp", engine)
        assert f"│ {name} " in done.stdout
    rows = (tmp_path / "comparison.csv").read_text().splitlines()
    assert sorted(row.split(",")[0] for row in rows[1:]) == ["mlp", "mlp@tensorflow"]
    page = re.sub("<[^>]+>", "", (tmp_path / "comparison.html").read_text())
    assert "--engine tensorflow" in page
    assert "--contenders mlp mlp@tensorflow" in page
    runs, _ = read_race(tmp_path)
    assert [entry.label for entry in runs] == ["mlp@tensorflow", "mlp"]
    assert all((entry.config.save_path or tmp_path).parent.name == entry.label for entry in runs)


def test_errors_at_the_start_come_through() -> None:
    done = python(
        "from spikeoff.contenders.gradient.keras import loading\n"
        "import os\n"
        "def broken(name):\n"
        "    os.write(2, b'I0000 00:00:1.2 3 port.cc:1] on\\nE0000 a real error\\n')\n"
        "    raise ImportError('no AVX')\n"
        "loading.import_module = broken\n"
        "loading._settle_triton = int\n"
        "from spikeoff.cli import main\n"
        "main(['train', 'mlp@tensorflow'])"
    )
    assert done.returncode == 2
    error, told = done.stderr.splitlines()
    assert error == "E0000 a real error"
    assert told.startswith("spikeoff: TensorFlow is installed but does not load: no AVX; install")
