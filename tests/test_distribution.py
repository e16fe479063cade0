"""What is published: one version everywhere, and a wheel that works where only it is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import spikeoff

ROOT = Path(__file__).parents[1]
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
USE = """
from pathlib import Path
import spikeoff

data = spikeoff.load_data()
print(Path(spikeoff.__file__).parent, len(data.train), len(data.test), sep="\\n")
"""


def test_the_version_is_the_same_everywhere() -> None:
    changes, citation = (ROOT / name for name in ("CHANGELOG.md", "CITATION.cff"))
    released = re.search(r"^## (\d+\.\d+\.\d+) \((.+)\)$", changes.read_text(), re.MULTILINE)
    assert released is not None
    cited = dict(re.findall(r"^(version|date-released): (.+)$", citation.read_text(), re.MULTILINE))
    assert released.groups() == (spikeoff.__version__, cited["date-released"])
    assert cited["version"] == spikeoff.__version__


def call(*words: object, cwd: Path = ROOT) -> str:
    """What a program prints that sees no other sources than those installed for it."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(source: Path, kind: str, folder: Path) -> Path:
    """The one file that building ``source`` gives."""
    call(sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", folder, source)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    return built(ROOT, "sdist", tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def wheel(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the source distribution builds."""
    sources = tmp_path_factory.mktemp("sources")
    with tarfile.open(archive) as held:
        held.extractall(sources, filter="data")
    (top,) = sources.iterdir()
    return built(top, "wheel", tmp_path_factory.mktemp("wheel"))


def files_in(folder: Path) -> set[str]:
    """Files below a folder of the checkout, without what Python and macOS leave there."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths
            if "__pycache__" not in path.parts and path.name != ".DS_Store"}  # fmt: skip


@pytest.mark.slow
def test_the_archive_has_what_building_testing_and_citing_need(archive: Path) -> None:
    with tarfile.open(archive) as held:
        names = {name.partition("/")[2] for name in held.getnames()}
    assert files_in(ROOT / "src") | files_in(ROOT / "tests") | files_in(ROOT / "docs") <= names
    assert {"LICENSE", "CITATION.cff", "CHANGELOG.md", "README.md", "Makefile", "mkdocs.yml",
            "constraints.txt", "pyproject.toml", ".importlinter", "PKG-INFO"} <= names  # fmt: skip


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        names = {name for name in held.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in held.namelist() if name.endswith("/METADATA"))
        told = held.read(metadata).decode()
    assert {f"src/{name}" for name in names} == files_in(ROOT / "src" / "spikeoff")
    assert f"\nVersion: {spikeoff.__version__}\n" in told
    assert "\nLicense-Expression: MIT\n" in told
    assert "\nLicense-File: LICENSE\n" in told


@pytest.mark.slow
def test_an_installed_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Its own environment, which sees the dependencies of this one, as a path without .pth files.

    So the editable installation of the checkout, which is such a file, is not seen.
    """
    venv.create(tmp_path / "clean", with_pip=False)
    python = tmp_path / "clean" / SCRIPTS / "python"
    own = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    call(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
         "--no-index", "--no-compile", "--ignore-installed", wheel)  # fmt: skip
    program = tmp_path / "clean" / SCRIPTS / "spikeoff"
    assert call(program, "--version", cwd=tmp_path) == f"spikeoff {spikeoff.__version__}\n"
    assert "60,000" in call(program, "data", "info", cwd=tmp_path)
    used = call(python, "-c", USE, cwd=tmp_path).split()
    assert used == [str(own / "spikeoff"), "60000", "10000"]
