"""Table and page from records that are written down here."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.errors import UserError
from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.figures import confusion_figure
from spikeoff.report.groups import check_one_race, group
from spikeoff.report.page import render, write_comparison
from spikeoff.report.race_table import conditions, standings, write_csv
from spikeoff.run.run_record import RunRecord
from tests import pictures
from tests.report.made_operations import operations

ANSWERS = np.repeat(np.arange(10, dtype=np.uint8), 10)


def record(contender: str, seed: int, wrong: int, train_s: float) -> RunRecord:
    labels = ANSWERS.copy()
    answers = labels.copy()
    answers[:wrong] = (answers[:wrong] + 1) % 10
    summary: dict[str, Any] = {
        "contender": contender,
        "title": contender.upper(),
        "spiking": contender == "snn",
        "neuron": "izhikevich" if contender == "snn" else None,
        "engine": "native",
        "seed": seed,
        "version": "1",
        "git_revision": None,
        "started": "a",
        "finished": "b",
        "parameters": 1234567,
        "stored_parameters": 1234567,
        "config": {"tdp": 160.0, "epochs": 2, "save_path": "<here>"},
        "data": {"name": "mnist", "sha256": "f" * 64, "n_train": 300, "n_validation": 50,
                 "n_test": 100},
        "epochs": {"trained": 2, "chosen": 2},
        "accuracy": {"train": 1.0, "validation": 0.9, "test": 1 - wrong / 100},
        "time": {"train_s": train_s, "test_s": 0.1, "train_ms_per_example": 1,
                 "test_ms_per_example": 1.0},
        "spikes": {"kind": "spikes", "per_example_hidden": 1500.0, "hidden_rate": 0.1,
                   "input_per_example": 100.0},
        "operations": operations(
            (784, 1554, 10), spiking=contender == "snn",
            effective=3e6 if contender == "snn" else 2e6, updates=10, dense=4e6,
        ),
        "memory": {"parameters_bytes": 10, "peak_rss_bytes": 2**20, "peak_device_bytes": None},
        "energy": [{"quantity": "training", "value": 160.0 * train_s, "unit": "J",
                    "provenance": "estimated", "method": "m", "scope": "s"}],
        "environment": {"cpu": "CPU <1>", "cores": 2, "gpu": None, "device": "cpu", "os": "Linux",
                        "python": "3.11", "libraries": {"numpy": "2"}, "threads": 2},
        "files": {"metrics": "m.csv"},
    }  # fmt: skip
    rows: Any = [
        {"epoch": float(e), "validation_accuracy": 0.8 + e / 20, "seconds": 1.0} for e in (1, 2)
    ]
    return RunRecord(Path("x"), summary, rows, labels, answers)


RECORDS = [
    record("snn", 0, 4, 100.0),
    record("snn", 1, 6, 120.0),
    record("mlp", 0, 1, 10.0),
    record("mlp", 1, 3, 12.0),
]


def test_standings_are_ranked_with_mean_and_standard_deviation() -> None:
    first, second = standings(RECORDS)
    assert (first.name, second.name) == ("mlp", "snn")
    assert second.cells["Test accuracy (%)"] == f"95.00 ± {np.std([96, 94], ddof=1):.2f}"
    assert second.cells["Training (s)"] == f"110.0 ± {np.std([100, 120], ddof=1):.1f}"
    assert first.cells["Operations/image"] == "2.00 M MAC"
    assert second.cells["Operations/image"] == "3.00 M AC"
    assert first.cells["Hidden spikes/image"] == "none"
    assert second.cells["Parameters"] == "1,234,567"


def test_one_seed_shows_no_spread() -> None:
    assert standings(RECORDS[:1])[0].cells["Test accuracy (%)"] == "96.00"
    assert "±" not in conditions(RECORDS[:1])
    assert "Seeds 0, 1" in conditions(RECORDS)


def test_the_csv_has_a_row_a_run(tmp_path: Path) -> None:
    new = {"sparsity": {"connection": 0.25, "activation": 0.5}}
    newer = replace(RECORDS[0], summary=RECORDS[0].summary | new)
    write_csv([newer, *RECORDS[1:]], load_table(), tmp_path / "c.csv")
    with (tmp_path / "c.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["contender"], row["seed"]) for row in rows] == [
        ("snn", "0"), ("snn", "1"), ("mlp", "0"), ("mlp", "1"),
    ]  # fmt: skip
    assert float(rows[0]["test_accuracy"]) == 0.96
    assert float(rows[0]["training_energy_estimate_j"]) == 16_000
    assert rows[0]["test_energy_estimate_j"] == ""
    assert [row["connection_sparsity"] for row in rows] == ["0.25", "", "", ""]
    assert [row["buffers_bytes"] for row in rows] == [""] * 4  # records from before


class Collector(HTMLParser):
    """What a page would fetch, and what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data") and value:
                self.fetched.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_and_escapes_what_it_shows() -> None:
    html = render(RECORDS, load_table())
    page = Collector()
    page.feed(html)
    # Only places in the page itself, and images that are in it.
    assert all(target.startswith(("#", "data:")) for target in page.fetched)
    assert not re.search(r"@import|url\((?!#)", html)
    assert page.tags.count("svg") == 3
    assert "CPU &lt;1&gt;" in html
    assert "CPU <1>" not in html
    assert "No under 6 of 8 energy models; yes for snn where neuron updates are free" in page.text
    assert "MLP has the highest test accuracy: 98.00 %" in page.text
    assert "per image, snn needs" in page.text
    assert "What each model charges" in page.text
    assert "DNN Engine" in page.text
    assert "45 nm CMOS" in page.text
    told = (
        "mlp and snn do not differ significantly: mlp is better on 5 images, worse on 0, p = 0.062"
    )
    assert told in page.text


def test_page_and_table_are_written(tmp_path: Path) -> None:
    with pictures.drawn():
        page, table, numbers, picture = write_comparison(RECORDS, tmp_path, load_table())
    content = json.loads(numbers.read_text())
    assert [row["name"] for row in content["standings"]] == ["mlp", "snn"]
    energy = content["operation_energy_estimate_pj"]
    assert energy["table"]["add"] == 0.9
    assert energy["images"][0]["energy"]["synapses"] == pytest.approx(3e6 * 0.9)
    image = content["energy_j"][1]["amounts"]["image"]
    assert image["measured"] == {"value": None, "deviation": None, "provenance": "unavailable"}
    assert image["operations"]["provenance"] == "estimated"
    assert content["pairs"][0].keys() >= {"first", "second", "p", "corrected"}
    assert [run["seed"] for run in content["runs"]] == [0, 1, 0, 1]
    # Of 100 images the first is wrong in all four runs, the next two in three, and so on.
    assert content["confusion"]["snn"][0][:3] == [10, 10, 0]
    assert content["right_by"] == {"nobody": 1, "one": 3, "all": 96}
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert page.read_text().startswith("<!doctype html>")
    assert table.read_text().startswith("contender,")


def test_the_confusion_figure_shows_every_count() -> None:
    counts = RECORDS[1].confusion()
    figure = confusion_figure(counts, "title")
    axes = figure.axes[0]
    shown = {
        (int(text.get_position()[1]), int(text.get_position()[0])): int(text.get_text())
        for text in axes.texts
    }
    assert shown == {
        (row, column): counts[row, column] for row, column in zip(*np.nonzero(counts), strict=True)
    }
    assert axes.get_title() == "title"
    assert axes.get_xlabel()
    assert axes.get_ylabel()


@pytest.mark.parametrize("perfect", [True, False])
def test_the_confusion_figure_draws_extremes(perfect: bool) -> None:
    counts = np.eye(10, dtype=np.int64) * 5 if perfect else np.zeros((10, 10), np.int64)
    assert confusion_figure(counts, "t").axes


def changed(base: RunRecord, part: str, **values: Any) -> RunRecord:
    return replace(base, summary={**base.summary, part: {**base.summary[part], **values}})


def test_runs_with_other_settings_stand_apart_under_a_name_that_says_so() -> None:
    wide = changed(RECORDS[3], "config", n_hidden=2048)
    names = list(group([*RECORDS[:3], wide]))
    assert names == ["snn", "mlp hidden=512", "mlp hidden=2048"]


def test_runs_of_other_data_are_not_compared() -> None:
    other = changed(RECORDS[3], "data", n_train=999)
    with pytest.raises(
        UserError, match="`n_train` of their data is 300 and 999; report them separately"
    ):
        check_one_race([*RECORDS[:3], other])
    check_one_race(RECORDS)
