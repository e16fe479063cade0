"""Caches where there is no home, no name of the user, or nothing may be written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from spikeoff import cache_folder as caches
from spikeoff.kernels import jit

found = caches.cache_folder.__wrapped__


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def test_without_a_home_it_is_temporary_private_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_home(name: str) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_cache_dir", no_home)
    folder = found()
    assert folder.parent == tmp_path / "tmp"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert str(folder) in capsys.readouterr().err


def test_where_the_usual_one_cannot_be_made_it_is_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "file" / name))
    assert found().parent == tmp_path / "tmp"


@pytest.mark.skipif(os.name != "posix", reason="permissions")
@pytest.mark.parametrize("kind", ["open to all", "a link"])
def test_no_compiled_code_is_loaded_from_where_others_may_write(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "tmp" / f"spikeoff-{os.getuid()}"
    if kind == "a link":
        planted.symlink_to(tmp_path, target_is_directory=True)
    else:
        planted.mkdir()
        planted.chmod(0o777)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: "/dev/null/none")
    with pytest.raises(PermissionError):
        found()


def test_kernels_are_kept_where_numba_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit.settings, "CACHE_DIR", str(tmp_path))
    assert tmp_path in jit.cache_folder.__wrapped__(Path(jit.__file__)).parents
