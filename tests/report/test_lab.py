"""The live page without a browser: packing, bundling, prices, the choice of runs and digits."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from spikeoff.data import Dataset
from spikeoff.ledger.energy_models import loihi
from spikeoff.ledger.energy_models.base import EnergyModel
from spikeoff.report.lab.bundle import bundle
from spikeoff.report.lab.choice import chosen_runs
from spikeoff.report.lab.digits import offered
from spikeoff.report.lab.links import links
from spikeoff.report.lab.packing import pack
from spikeoff.report.lab.page import render
from spikeoff.report.lab.prices import linear_prices
from spikeoff.run.learned import rounded
from tests.ledger.energy_models.made import spiking, spiking_layer
from tests.report import made

NETWORK = spiking(
    "izhikevich",
    spiking_layer(784, 100, 900.0, 50.0, 10.0),
    spiking_layer(100, 10, 50.0, 3.0, 10.0),
    steps=10.0,
)


def test_packed_numbers_are_deflated_byte_planes() -> None:
    packed = pack(np.array([1.0, -2.5], np.float32))
    planes = zlib.decompress(base64.b85decode(packed["data"].replace(",", "<")))
    assert planes == bytes([0, 0, 0, 0, 0x80, 0x20, 0x3F, 0xC0])  # 3f800000 and c0200000
    assert (packed["dtype"], packed["size"]) == ("float32", 2)


def test_rounded_weights_have_eight_significant_bits_and_stay_finite() -> None:
    # 0.1 = 1.6 / 16, and 1.6 is nearest to 205 / 128; 257 lies between 256 and 258, 256 is even.
    given = np.array([1e9, -1e9, 65500, 0.1, -257, 0], np.float32)
    assert rounded(given).tolist() == [65280, -65280, 65280, 205 / 128 / 16, -256, 0]


def test_a_bundle_has_each_module_once_and_behind_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(
        'import { b } from "./b.js";\nimport { c } from "./c.js";\nb(c);\n'
    )
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\nexport function b() {}\n')
    (tmp_path / "c.js").write_text("export const c = 1;\n")
    script = bundle("a.js", tmp_path)
    assert not re.search(r"^(import|export)", script, re.MULTILINE)
    places = [script.index(text) for text in ("const c = 1", "function b()", "b(c);")]
    assert places == sorted(places)
    assert script.count("const c = 1") == 1


def test_prices_of_loihi_are_its_published_constants() -> None:
    found = linear_prices(loihi.MODEL, NETWORK)
    assert found is not None
    assert found["operations"] == pytest.approx([23.6] * len(NETWORK.layers))
    assert found["step"] == pytest.approx(81.0 * NETWORK.neurons)
    assert found["constant"] == pytest.approx(0.0, abs=1e-3)


def test_a_model_that_is_not_linear_has_no_prices() -> None:
    squared = EnergyModel(
        "squared", lambda network: {"all": network.operations**2}, "made up", "squares", "squares"
    )
    assert linear_prices(squared, NETWORK) is None


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> Path:
    folder = tmp_path_factory.mktemp("race")
    for name in ("mlp", "cnn"):
        for seed in (0, 1):
            made.run(folder, mnist, name, seed)
    return folder


def test_a_race_stands_for_one_run_of_each_contender(race: Path) -> None:
    choice = chosen_runs([race])
    assert [(one.contender, one.seed) for one in choice.shown] == [("cnn", 0), ("mlp", 0)]
    assert len(choice.compared) == 4
    assert chosen_runs([race / "mlp" / "seed-1"]).compared == []


def test_digits_are_offered_by_who_gets_them_right(race: Path, mnist: Dataset) -> None:
    shown = chosen_runs([race]).shown
    wrong = sum((one.answers != one.labels).astype(int) for one in shown)
    asked = [9999, int(np.flatnonzero(wrong == 0)[0])]
    found = offered(shown, mnist, asked)
    rows, groups = np.array(found["rows"]), np.array(found["groups"])
    assert set(asked) <= set(found["rows"])
    assert len(set(found["rows"])) == len(rows)
    assert (wrong[rows[groups == "easy"]] == 0).all()
    assert (wrong[rows[groups == "nobody"]] == len(shown)).all()
    assert (wrong[rows[groups == "hard"]] < len(shown)).all()
    assert groups[rows == asked[1]] == "hard"  # asked for, because another run got it wrong
    assert set(groups) == {"easy", "hard", "nobody"}
    assert found["labels"] == mnist.test.labels[rows].tolist()


def test_images_of_a_page_are_linked_where_the_data_are_the_same(tmp_path: Path) -> None:
    assert links(tmp_path, "ab12") == {}
    page = render({"networks": [], "digits": {"rows": [7, 1234]}, "sha256": "ab12"})
    (tmp_path / "lab.html").write_text(page)
    assert links(tmp_path, "ab12") == {7: "lab.html#test=7", 1234: "lab.html#test=1234"}
    assert links(tmp_path, "cd34") == {}
