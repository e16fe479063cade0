"""The live page without a browser: packing, bundling, prices and the choice of runs."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from spikeoff.ledger.energy_models import loihi
from spikeoff.ledger.energy_models.base import EnergyModel
from spikeoff.report.lab.bundle import bundle
from spikeoff.report.lab.packing import pack
from spikeoff.report.lab.prices import linear_prices
from spikeoff.run.learned import rounded
from tests.ledger.energy_models.made import spiking, spiking_layer

NETWORK = spiking(
    "izhikevich",
    spiking_layer(784, 100, 900.0, 50.0, 10.0),
    spiking_layer(100, 10, 50.0, 3.0, 10.0),
    steps=10.0,
)


def test_packed_numbers_are_deflated_byte_planes() -> None:
    packed = pack(np.array([1.0, -2.5], np.float32))
    planes = zlib.decompress(base64.b64decode(packed["data"]))
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
