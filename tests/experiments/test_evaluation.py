"""Evaluation from files: labels, votes, the leak, figures, and the seed's three usages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spikeoff.cli import main
from spikeoff.contenders.diehl_cook.connections import write_generated
from spikeoff.contenders.diehl_cook.files import write_responses
from spikeoff.data.export import export
from spikeoff.experiments.evaluation import judge
from spikeoff.experiments.test_mode import _trained
from tests import pictures, program, small_data

SCRIPTS = Path(__file__).parents[2] / "scripts"
FAST = ["--n_e", "20", "--example_time", "0.1", "--input_intensity", "8", "--n_train", "300"]


def made_up(labels: np.ndarray, n: int = 30, noise: float = 0.3) -> np.ndarray:
    """Responses of neurons that each prefer a digit."""
    rng = np.random.default_rng(1)
    rates = np.where(np.arange(n)[None] % 10 == labels[:, None], 3.0, noise)
    return rng.poisson(rates).astype(np.int32)


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


def test_labels_from_the_test_set_flatter() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2000).astype(np.uint8)
    noise = rng.poisson(0.3, (2000, 400)).astype(np.int32)
    result = judge(noise[1000:], labels[1000:], (noise[:1000], labels[:1000]), "class-mean")
    assert result.accuracy["class-mean"] == pytest.approx(0.1, abs=0.04)
    assert result.leaked["class-mean"] > result.accuracy["class-mean"] + 0.1


def test_test_responses_alone_are_halved() -> None:
    labels = small_data.dataset().train.labels[:600]
    result = judge(made_up(labels), labels, None, "proportional")
    assert "300 of the test responses" in result.source
    assert result.first == len(result.labels) == 300
    assert result.accuracy["proportional"] > 0.9


@pytest.mark.slow
def test_evaluate_writes_the_seeds_figures_and_a_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = small_data.dataset()
    test, train = data.test.labels[:500], data.train.labels[:900]
    write_responses(tmp_path, made_up(test), test, "final")
    write_responses(tmp_path, made_up(train), train, "training")
    with pictures.drawn():
        assert call("evaluate", "--save_path", tmp_path) == 0
    shown = capsys.readouterr().out
    assert "900 training responses" in shown
    for name in ("confusion_matrix.png", "error_examples.png", "assignments.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    record = json.loads((tmp_path / "evaluation.json").read_text())
    assert record["scored"] == 500
    assert set(record["accuracy"]) == {"original", "class-mean", "proportional", "learned"}
    assert record["unassigned_neurons"] == 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--n_e", "25"], "`n_e` (=25) and `n_e2` (=0) do not fit the 30 neurons"),
        (["--num_examples", "501"], "`num_examples` (=501) must be from 2 to 500"),
        (["--mnist_path", "nowhere"], "'nowhere': no such file"),
    ],
)
def test_what_does_not_fit_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    labels = small_data.dataset().test.labels[:500]
    write_responses(tmp_path, made_up(labels), labels, "final")
    assert call("evaluate", "--save_path", tmp_path, *flags) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize("damage", ["missing", "truncated", "other digits", "other length", "nan"])
def test_damaged_responses_get_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    labels = small_data.dataset().test.labels[:100].copy()
    responses = made_up(labels)
    if damage == "other digits":
        labels[3] = (labels[3] + 1) % 10
    if damage == "other length":
        labels = labels[:90]
    write_responses(tmp_path, responses, labels, "final")
    monitor = tmp_path / "result_monitor_final.npy"
    if damage == "missing":
        monitor.unlink()
    if damage == "truncated":
        monitor.write_bytes(monitor.read_bytes()[:-9])
    if damage == "nan":
        np.save(monitor, np.full((100, 30), np.nan))
    assert call("evaluate", "--save_path", tmp_path) == 2
    err = capsys.readouterr().err
    assert str(tmp_path) in err
    assert err.count("\n") == 1


def original_answers(
    training: np.ndarray, digits: np.ndarray, responses: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Assignments and answers as the original evaluation describes them, neuron by neuron."""
    assigned, best = np.full(training.shape[1], -1), np.zeros(training.shape[1])
    for digit in range(10):
        mean = training[digits == digit].sum(0) / max(1, (digits == digit).sum())
        assigned[mean > best] = digit
        best = np.maximum(best, mean)
    answers = []
    for response in responses:
        score = [
            response[assigned == k].sum() / (assigned == k).sum() if (assigned == k).any() else 0.0
            for k in range(10)
        ]
        answers.append(np.argsort(score, kind="stable")[::-1][0])
    return assigned, np.array(answers)


def original_files(folder: Path, ending: str, responses: np.ndarray, digits: np.ndarray) -> None:
    """As the original scripts save them: counts as float64, digits as int64."""
    folder.mkdir(exist_ok=True)
    np.save(folder / f"resultPopVecs{ending}.npy", responses.astype(np.float64))
    np.save(folder / f"inputNumbers{ending}.npy", digits.astype(np.int64))


@pytest.fixture
def activity(tmp_path: Path) -> tuple[Path, np.ndarray, np.ndarray, np.ndarray]:
    """A folder with responses to 300 test and 600 training images; many ties, and silence."""
    data = small_data.dataset()
    test, train = data.test.labels[:300], data.train.labels[:600]
    final, training = made_up(test, noise=2.0), made_up(train, noise=1.5)
    final[::7] = 0
    training[:, 4] = 0
    original_files(tmp_path / "activity", "300", final, test)
    original_files(tmp_path / "activity", "600", training, train)
    return tmp_path, final, training, test


def column(path: Path, name: str) -> np.ndarray:
    return np.genfromtxt(path, delimiter=",", names=True, deletechars="")[name]


@pytest.mark.slow
def test_files_of_the_original_scripts_are_evaluated_as_there(
    activity: tuple[Path, np.ndarray, np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, final, training, test = activity
    digits = small_data.dataset().train.labels[:600]
    assigned, answers = original_answers(training, digits, final)
    with pictures.drawn():
        assert call("evaluate", "--save_path", folder) == 0
    assert "600 responses in resultPopVecs600.npy" in capsys.readouterr().out
    np.testing.assert_array_equal(column(folder / "assignments.csv", "digit"), assigned)
    np.testing.assert_array_equal(column(folder / "predictions.csv", "original"), answers)
    np.testing.assert_array_equal(column(folder / "predictions.csv", "digit"), test)
    np.testing.assert_array_equal(column(folder / "predictions.csv", "spikes"), final.sum(1))
    record = json.loads((folder / "evaluation.json").read_text())
    assert record["accuracy"]["original"] == (answers == test).mean()
    leaked = original_answers(final, test, final)[1]
    assert record["leaked_accuracy"]["original"] == (leaked == test).mean()
    assert record["images_without_spikes"] == len(final[::7])
    assert (answers[::7] == 9).all(), "no spike: the highest digit"
    assert (column(folder / "predictions.csv", "class-mean")[::7] == 0).all()


@pytest.mark.slow
def test_the_original_endings_label_with_the_scored_responses_and_say_so(
    activity: tuple[Path, np.ndarray, np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, final, _, test = activity
    with pictures.drawn():
        endings = ["--testing_ending", "300", "--training_ending", "300"]
        assert call("evaluate", "--save_path", folder / "activity", *endings) == 0
    assert "all accuracies leak test labels" in " ".join(capsys.readouterr().out.split())
    record = json.loads((folder / "activity" / "evaluation.json").read_text())
    answers = original_answers(final, test, final)[1]
    assert record["accuracy"]["original"] == (answers == test).mean()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--testing_ending", "9"], "`testing_ending` (=9): no resultPopVecs9.npy in"),
        (["--training_ending", "9"], "there are resultPopVecs300.npy, resultPopVecs600.npy"),
        (["--testing_ending", "600"], "the digits of the responses are not those of the test"),
        (["--n_e", "400"], "`n_e` (=400) and `n_e2` (=0) do not fit the 30 neurons"),
        (["count"], "has 299 digits for the 300 responses in resultPopVecs300.npy"),
        (["width"], "training responses have 29 neurons, test responses 30"),
        (["two"], "resultPopVecs300.npy, resultPopVecs300b.npy are all of test images; name one"),
        (["none"], "the digits of no inputNumbers*.npy are those of the test images"),
    ],
)
def test_original_files_that_do_not_fit_get_one_line(
    flags: list[str],
    message: str,
    activity: tuple[Path, np.ndarray, np.ndarray, np.ndarray],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, final, training, test = activity
    place = folder / "activity"
    digits = np.load(place / "inputNumbers600.npy")
    if flags == ["count"]:
        original_files(place, "300", final, test[1:])
    if flags == ["width"]:
        original_files(place, "600", training[:, 1:], digits)
    if flags == ["two"]:
        original_files(place, "300b", final, test)
    if flags == ["none"]:
        original_files(place, "300", training, digits)
    given = flags if flags[0].startswith("--") else []
    assert call("evaluate", "--save_path", folder, *given) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not list(folder.glob("*.csv"))


@pytest.mark.slow
def test_the_seeds_usages_work_one_after_another(tmp_path: Path) -> None:
    def script(name: str, *flags: str) -> str:
        done = program.script(SCRIPTS / name, *flags, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    (tmp_path / "mnist").mkdir()
    export(small_data.dataset(), "idx", tmp_path / "mnist")
    script("MNIST_random_conn_generator.py", "--data_path", "./random/", "--n_e", "20")
    first = script(
        "MNIST_Brian2.py", *FAST, "--num_examples", "400", "--save_interval", "200",
        "--update_interval", "200",
    )  # fmt: skip
    assert "weights read from random" in first
    resumed = script(
        "MNIST_Brian2.py", *FAST, "--num_examples", "400", "--save_interval", "200",
        "--resume_from", "200", "--save_path", "./continued_training/",
    )  # fmt: skip
    assert "goes on after 200 images" in resumed
    for name in ("XeAe.npy", "theta_A.npy", "result_monitor_final.npy"):
        one, other = (tmp_path / run / name for run in ("results", "continued_training"))
        assert one.read_bytes() == other.read_bytes()
    tested = script(
        "MNIST_Brian2.py", "--test_mode", *FAST[2:6], "--num_examples", "300",
        "--save_path", "./test_results/",
    )  # fmt: skip
    assert "weights from results" in tested
    assert "150 of the test responses" in tested
    whole = np.load(tmp_path / "results" / "result_monitor_final.npy")
    np.testing.assert_array_equal(
        np.load(tmp_path / "test_results" / "result_monitor_final.npy"), whole[:300]
    )
    assert "400" not in script("MNIST_evaluation.py", "--num_examples", "300")


def test_test_mode_without_weights_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("train", "diehl-cook", "--test_mode", "--save_path", tmp_path / "x") == 2
    assert "no XeAe.npy in" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def weights_in(folder: Path, *, trained: bool) -> Path:
    write_generated(folder, 20, 20, seed=int(trained))
    if trained:
        np.save(folder / "theta_A.npy", np.full(20, 20.0))
    return folder


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("all", "all/weights"),
        ("all/random", "all/weights"),
        ("initial", "initial"),
        (None, "results"),
    ],
)
def test_trained_weights_win_within_the_named_place_and_old_results_only_without_one(
    named: str | None, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weights_in(Path("all/random"), trained=False)
    weights_in(Path("all/weights"), trained=True)
    weights_in(Path("initial"), trained=False)
    weights_in(Path("results"), trained=True)
    assert _trained(None, None if named is None else Path(named)) == Path(found)


def test_untrained_weights_are_said_to_be_in_a_line_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = weights_in(tmp_path / "random", trained=False)
    flags = ["--example_time", "0.05", "--resting_time", "0.01", "--num_examples", "2"]
    assert call("train", "diehl-cook", "--test_mode", *flags, "--mnist_path", small_data.path(),
                "--data_path", source, "--save_path", tmp_path / "out") == 0  # fmt: skip
    assert "These weights are untrained" in capsys.readouterr().out
