"""The documentation site builds without a warning, and its pages fetch nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")

from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).parents[1]
FETCHED = re.compile(r"<(?:script|img|iframe|link|source)\b[^>]*?(?:src|href)=.?(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


@pytest.mark.slow
def test_pages_fetch_nothing_from_the_network(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) >= len(list((ROOT / "docs").rglob("*.md")))
    assert [page.name for page in pages if FETCHED.search(page.read_text())] == []


@pytest.mark.slow
def test_the_reference_has_the_flags_of_every_command(site: Path) -> None:
    page = (site / "reference" / "commands.html").read_text()
    for flag in ("--no_twins", "--mnist_path", "--stdp_lr", "--theta_plus", "--surrogate_width"):
        assert flag in page


def test_every_page_is_reached_from_the_navigation() -> None:
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    assert listed == {str(page.relative_to(ROOT / "docs").with_suffix(".md")) for page in pages}
