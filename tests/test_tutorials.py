"""The notebooks of the documentation, executed on a Jupyter kernel."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

import nbformat
from nbclient import NotebookClient

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
TUTORIALS = ROOT / "docs" / "tutorials"

CALLER = f"""\
import sys
sys.path.append({str(ROOT)!r})
import matplotlib.pyplot as plt
from tests.process_settings import process_settings
plt.plot([1, 2])
plt.show()
"""
"""What a notebook may have done before: the backend and the style of its figures are set up."""

BEFORE, AFTER = (
    f"{name} = {{k: v for k, v in process_settings().items() if k != 'warnings'}}"
    for name in ("before", "after")
)
"""Warning filters are left out: packages that a notebook imports add some."""

CHANGED = "print([name for name in before if before[name] != after[name]])"


def stored(name: str) -> Any:
    return nbformat.read(TUTORIALS / f"{name}.ipynb", as_version=4)


def executed(name: str, folder: Path) -> list[Any]:
    """The code cells of a notebook, executed in ``folder``; no call has changed the process."""
    notebook = stored(name)
    added = [nbformat.v4.new_code_cell(source) for source in (CALLER, BEFORE, AFTER, CHANGED)]
    notebook.cells = [*added[:2], *notebook.cells, *added[2:]]
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    assert [printed(cell) for cell in notebook.cells[-2:]] == ["", "[]\n"]
    cells = code_cells(notebook)[2:-2]
    for ours, theirs in zip(cells, code_cells(stored(name)), strict=True):
        assert words(ours) == words(theirs), ours.source
        assert kinds(ours) == kinds(theirs), ours.source
    return cells


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: Any) -> str:
    return "".join(one.text for one in cell.outputs if one.get("name") == "stdout")


def html(cell: Any) -> str:
    return "".join(one.data.get("text/html", "") for one in cell.outputs if "data" in one)


def kinds(cell: Any) -> set[str]:
    """What a cell returns or draws, by MIME type."""
    return {kind for one in cell.outputs for kind in one.get("data", {})}


def words(cell: Any) -> Counter[str]:
    """What a cell says, whatever the numbers, their order, and the machine that a table names."""
    heads = " ".join(re.findall("<th.*?</th>", html(cell)))
    plain = " ".join(one.data.get("text/plain", "") for one in cell.outputs if "data" in one)
    return Counter(re.findall(r"[^\W\d_]{2,}", " ".join((printed(cell), heads, plain))))


def the(cells: list[Any], start: str) -> Any:
    """The one cell with a line that starts so."""
    found = [cell for cell in cells if re.search(rf"^\s*{re.escape(start)}", cell.source, re.M)]
    assert len(found) == 1, start
    return found[0]


def percentages(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"(\d+\.\d+) ?%", text)]


def accuracies(cell: Any) -> dict[str, float]:
    """Test accuracy (%) by contender, from the table of a comparison."""
    rows = [re.findall("<t[dh]>(.*?)</t[dh]>", row) for row in html(cell).split("<tr>")[1:]]
    column = rows[0].index("Test accuracy (%)")
    return {row[0]: float(re.findall(r"[\d.]+", row[column])[0]) for row in rows[1:]}
