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
import sklearn.datasets
from tests.process_settings import process_settings
plt.plot([1, 2])
plt.show()
"""
"""What a notebook may have done before: the backend and the style of its figures are set up, and
scikit-learn, which draws random numbers when it is imported, is there."""

BEFORE, AFTER = (
    f"{name} = {{k: v for k, v in process_settings().items() if k != 'warnings'}}"
    for name in ("before", "after")
)
"""Warning filters are left out: packages that a notebook imports add some."""

CHANGED = "print([name for name in before if before[name] != after[name]])"


@pytest.fixture(autouse=True)
def no_backend_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernel choose where figures go, even if the program ran in this process before."""
    monkeypatch.delenv("MPLBACKEND", raising=False)


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


def test_a_first_race(tmp_path: Path) -> None:
    cells = executed("first-race", tmp_path)
    train = the(cells, "run = ")
    assert percentages(printed(train))[0] > 70
    progress = "".join(one.text for one in train.outputs if one.get("name") == "stderr")
    assert progress.count("\n") >= 1
    assert "\x1b" not in progress  # no control codes of a terminal
    found = accuracies(the(cells, "race = "))
    assert len(found) == 5
    assert min(found.values()) > 50
    page = (tmp_path / "race.html").read_text()
    assert all(name in page for name in found)
    assert printed(the(cells, "network = ")) == "the answer is 7\n"


def test_your_data(tmp_path: Path) -> None:
    cells = executed("your-data", tmp_path)
    assert min(accuracies(the(cells, "race = ")).values()) > 50
    assert printed(the(cells, "pictures = ")).split()[-2:] == ["1347", "450"]
    assert percentages(printed(the(cells, "run = ")))[0] > 50
    assert printed(the(cells, "for path in")) == (
        "digits.csv (8, 8) 1438 359\ndigits.npz (8, 8) 1438 359\n"
    )
    assert percentages(printed(the(cells, "search = ")))[0] > 50


def test_your_network(tmp_path: Path) -> None:
    pytest.importorskip("snntorch")
    cells = executed("your-network", tmp_path)
    found = accuracies(the(cells, "race = "))
    assert set(found) == {"mlp", "my_nets:SmallConv", "my_nets:Leaky"}
    assert min(found.values()) > 50
    assert "my_nets:Leaky needs" in printed(the(cells, "for sentence in"))
    dense = re.findall(r"dense_macs +([\d,]+)", printed(the(cells, "for key in")))
    assert int(dense[0].replace(",", "")) == 10 * (784 * 100 + 100 * 10)  # steps x weights


def test_what_a_spike_costs(tmp_path: Path) -> None:
    cells = executed("what-a-spike-costs", tmp_path)
    counts = printed(the(cells, "operations = ")).splitlines()
    numbers = [[int(one.replace(",", "")) for one in line.split()[-3:]] for line in counts[1:]]
    dense, updates = numbers[0], numbers[-1]
    weights = 784 * 64 + 64 * 10
    assert dense[1:] == [50 * weights, weights]
    assert updates == [8 * 64, 50 * (64 + 10), 0]
    ratios = [float(line.split()[-1]) for line in printed(the(cells, "ADD, MULTIPLY")).splitlines()]
    assert ratios[0] < 1 < ratios[1]  # few spikes save additions, rate coding does not
    matrix = [line.split() for line in printed(the(cells, "rows = ")).splitlines()]
    assert len(matrix) == 1 + 8  # all models that are counted
    assert "image/png" in kinds(the(cells, "figure, axes"))
