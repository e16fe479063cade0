"""The commands as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spikeoff.cli import TrainFlags, main
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.flags import parse_flags
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.contenders.settings_file import read_settings
from tests import program, small_data

SCRIPTS = Path(__file__).parents[1] / "scripts"
TINY = ["--epochs", "1", "--n_train", "300", "--n_validation", "50", "--num_threads", "1",
        "--timing_seconds", "0.02", "--energy_seconds", "0"]  # fmt: skip


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of ``spikeoff ARGUMENTS``."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def test_help_names_every_verb_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from spikeoff.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'torch', 'numba', 'numpy', 'sklearn', 'matplotlib', 'tensorflow'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(verb in done.stdout for verb in ("compare", "train", "report", "data"))
    assert done.stdout.rstrip().endswith("[]")


def test_train_lists_contenders_and_each_explains_its_flags(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert all(name in call(capsys, "train")[1] for name in BUILT_IN)
    status, out, _ = call(capsys, "train", "mlp", "--help")
    assert status == 0
    assert "--n_validation" in out
    assert "Number of neurons in each hidden" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "mpl"], "'mpl' is no contender"),
        (["train", "mlp", "--epochs", "0"], "`epochs` (=0) must be at least 1"),
        (
            ["train", "mlp", "--learning-rate", "nan"],
            "`learning_rate` (=nan) must be finite, and a number",
        ),
        (["train", "mlp", "--mnist_path", "nowhere"], "'nowhere': no such file"),
        (["train", "mlp", "--config", "nowhere"], "nowhere: cannot be read: No such file"),
        (["train", "mlp", "--config"], "`--config` needs the path of a TOML file"),
        (["train", "mlp", "--n_train", "60000"], "n_train is 60000"),
        (["train", "mlp", "--device", "cuda"], "`device` (=cuda) is not available"),
        (["train", "mlp", "--save_path", "/dev/null/x"], "/dev/null/x: cannot be made"),
        (["compare", "--contenders", "mlp", "mlp"], "`contenders` names mlp twice"),
        (["compare", "--contenders", "mlp", "mlp@native"], "`contenders` names mlp twice"),
        (["compare", "mlp", "mlp"], "`contenders` names mlp twice"),
        (["compare", "mlpp", "cnn"], "'mlpp' is no contender"),
        (["front", "mlpp"], "`families` names 'mlpp', of which no sizes are listed"),
        (["compare", "mlp", "--contenders=cnn"], "`--contenders` must be left out where"),
        (["front", "mlp", "--families", "cnn"], "`--families` must be left out where"),
        (["compare", "--contenders", "mlp@tf"], "`engine` (=tf) must be native or tensorflow"),
        (["compare", "--contenders", "izhikevich-stdp@tensorflow"], "has no engines to choose"),
        (["export", "nowhere"], "nowhere: no run in this folder"),
        (["compere"], "`compere` is no command; choose from compare, front, "),
        (["campaign"], "PATH (TOML file with seeds) is missing; see `spikeoff campaign --help`"),
        (["compare", "--preset", "fast"], "`preset` (=fast) must be one of quick, original, full"),
        (["compare", "--epoch", "3"], "`--epoch` is no option here; did you mean --epochs? "),
        (["compare", "--epochs", "few"], "`epochs` (=few) must be a whole number, or none"),
        (["compare", "--seeds", "0", "x"], "`seeds` (=0 x) must be whole numbers"),
        (["compare", "--twins", "yes"], "`yes` is not expected here; `spikeoff compare --help`"),
        (["train", "mlp", "--dropout"], "`--dropout` needs a value behind it"),
        (["train", "mlp", "--dropout", "x"], "`dropout` (=x) must be a number"),
        (
            ["train", "mlp", "--hiden", "3"],
            "no option here; did you mean --hidden? `spikeoff train",
        ),
        (["train", "mlp", "--hidden", "3", "x"], "`hidden` (=3 x) must be whole numbers"),
        (["train", "mlp", "--resume"], "`--resume` needs a value behind it"),
        (["search", "mlp", "--n_trials", "x"], "`n_trials` (=x) must be a whole number"),
        (["search", "--resume"], "`--resume` needs a value behind it"),
        (["bench", "mlp", "--foo"], "`--foo` is no option here; `spikeoff bench mlp --help`"),
        (["compare", "--seeds", "-4"], "`seed` (=-4) must be from 0"),
        (["compare", "--mnist_path", "nowhere"], "'nowhere': no such file"),
        (["compare", "--resume", "x", "--timing_seconds", "0"], "a race goes on as it began"),
        (["compare", "--n_train", "70000"], "n_train is 70000"),
        (["train", "mlp", "--num_threads", "4096"], "`num_threads` (=4096) must be at most"),
        (["report"], "no run given"),
        (["report", "nowhere"], "nowhere: no run in this folder"),
        (["report", "nowhere", "--energy_table", "chip.toml"], "chip.toml: cannot be read"),
        (["data", "info", "--mnist_path", "nowhere"], "'nowhere': no such file"),
        (["sensors", "--seconds", "0"], "`seconds` (=0.0) must be above 0"),
        (["train", "mlp", "--energy_seconds", "-1"], "`energy_seconds` (=-1.0) must be from 0"),
        (
            ["compare", "--timing_seconds", "inf"],
            "`timing_seconds` (=inf) must be finite, and a number",
        ),
    ],
)
def test_bad_input_gets_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if "cuda" in arguments:
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    status, _, err = call(capsys, *arguments)
    assert status == 2
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_train_takes_a_file_of_settings_and_flags_override_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "best.toml"
    path.write_text('contender = "mlp"\nn_hidden = 24\ndropout = 0.1\npatience = "none"\n')
    run = ["train", "mlp", "--config", str(path), "--dropout", "0.2",
           "--mnist_path", small_data.path(), *TINY]  # fmt: skip
    assert call(capsys, *run, "--save_path", str(tmp_path / "run"))[0] == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["hidden"], config["dropout"], config["patience"]) == ([24], 0.2, None)
    assert "(default: 24)" in call(capsys, "train", "mlp", "--config", str(path), "--help")[1]


def test_what_follows_from_a_setting_follows_from_a_flag_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tuned.toml"
    path.write_text('preset = "tuned"\nmnist_path = "nowhere"\nn_e = 30\n')
    kind = find("diehl-cook").config_type
    held = read_settings(path, "diehl-cook", kind)
    flags = ["--preset", "published"]
    _, values = parse_flags(TrainFlags, kind, flags, prog="spikeoff train", defaults=held)
    published = {"preset": "published", "mnist_path": "nowhere", "n_e": 30}
    assert kind(**values) == from_plain(kind, published)


def test_unknown_flags_and_verbs_get_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "trian")[0] == 2
    assert call(capsys, "train", "mlp", "--epoch", "3")[0] == 2
    assert call(capsys, "train", "mlp", "--epochs", "three")[0] == 2


@pytest.mark.slow
def test_data_info_and_export(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = call(capsys, "data", "export", "--format", "npz", "--output", str(tmp_path))
    assert status == 0
    written = Path(out.strip())
    status, described, _ = call(capsys, "data", "info", "--mnist_path", str(written))
    assert status == 0
    assert "6,742" in described
    assert np.load(written)["x_train"].shape == (60_000, 28, 28)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny race."""
    folder = tmp_path_factory.mktemp("race")
    with pytest.MonkeyPatch.context() as patch:
        program.run_here(patch)
        done = program.spikeoff(
            "compare", "--contenders", "mlp", "cnn", "--seeds", "0", "1", "--output", folder,
            "--mnist_path", small_data.path(), *TINY,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Test accuracy" in done.stdout
    assert "mlp seed 1  epoch 1/1" in done.stderr
    return folder


@pytest.mark.slow
def test_compare_runs_every_contender_and_seed_on_the_same_images(compared: Path) -> None:
    records = [json.loads(path.read_text()) for path in sorted(compared.rglob("summary.json"))]
    assert {(r["contender"], r["seed"]) for r in records} == {
        (name, seed) for name in ("mlp", "cnn") for seed in (0, 1)
    }
    assert len({record["data"]["sha256"] for record in records}) == 1
    assert {record["data"]["n_train"] for record in records} == {300}


@pytest.mark.slow
def test_report_rebuilds_the_page_from_the_records(
    compared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, _ = call(capsys, "report", str(compared), "--output", str(tmp_path))
    assert status == 0
    for name in ("comparison.csv", "comparison.html"):
        assert (tmp_path / name).read_text() == (compared / name).read_text()


@pytest.mark.slow
def test_a_failed_run_stops_no_other(tmp_path: Path) -> None:
    """As a user calls it: the program and each of its runs in a process of its own."""
    (tmp_path / "mlp" / "seed-0").mkdir(parents=True)
    (tmp_path / "mlp" / "seed-0" / "config.json").write_text("{}")
    command = [
        sys.executable, "-m", "spikeoff", "compare", "--contenders", "mlp", "cnn",
        "--output", str(tmp_path), "--mnist_path", small_data.path(), *TINY,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "failed: mlp seed 0" in done.stderr
    assert "holds a run already" in done.stderr
    assert (tmp_path / "cnn" / "seed-0" / "summary.json").is_file()
    assert (tmp_path / "comparison.html").is_file()


@pytest.mark.parametrize(
    "name",
    [
        "mlp.py",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("cnn.py", "izhikevich-gradient.py", "izhikevichSTDP.py")
        ),
    ],
)
def test_the_seeds_scripts_take_its_flags(name: str, tmp_path: Path) -> None:
    flags = ["--save_path", tmp_path / "run", "--mnist_path", small_data.path(), *TINY]
    done = program.script(SCRIPTS / name, *flags)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    contender = {"izhikevichSTDP.py": "izhikevich-stdp"}.get(name, name.removesuffix(".py"))
    assert summary["contender"] == contender
