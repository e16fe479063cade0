"""Energy by counted operations: by hand, and what a table must hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeoff.errors import UserError
from spikeoff.ledger.operation_energy import image_energy, load_table, stepped_table
from spikeoff.neurons.cost import update_cost

TABLE = """
name = "a chip"
source = "its makers"
multiply_pj = 2
add_pj = 3
divide_pj = 8
[[memory]]
bytes = 1000
pj_per_64_bits = 4
[[memory]]
pj_per_64_bits = 20
"""


def test_the_stepped_table_has_horowitzs_figures() -> None:
    table = stepped_table()
    assert (table.multiply + table.add, table.add) == pytest.approx((4.6, 0.9))
    assert table.word(8192) == 5
    assert table.word(8193) == 10
    assert table.word(1 << 20) == 50
    assert table.word((1 << 20) + 1) == 650


def test_the_default_table_rises_without_a_step() -> None:
    table = load_table()
    assert (table.multiply + table.add, table.add) == pytest.approx((4.6, 0.9))
    assert [table.word(held) for held in (0, 4096, 8192, 20480, 32768, 2**20, 2**30)] == (
        pytest.approx([0, 5, 10, 15, 20, 100, 100])
    )
    for edge in (8192, 32768, 2**20):
        assert table.word(edge + 1) / table.word(edge) < 1.001
    assert table.state_word(4096) == 5
    assert stepped_table().state_word(1e9) == 5


def test_an_image_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "chip.toml"
    path.write_text(TABLE)
    update = update_cost("izhikevich")  # 7 multiplications, 8 additions, 2 words
    energy = image_energy(
        load_table(path), macs=10, acs=100, updates=5, update=update, weight_bytes=1001
    )
    assert energy.synapses == 10 * 5 + 100 * 3
    assert energy.neurons == 5 * (7 * 2 + 8 * 3)
    assert energy.memory == 110 * 10 + 5 * 2 * 2 * 2
    assert energy.total == energy.computing + energy.memory == 350 + 190 + 1140


def test_biases_and_the_readout_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "chip.toml"
    path.write_text(TABLE)
    energy = image_energy(
        load_table(path), macs=10, acs=0, updates=0, update=None, weight_bytes=1001,
        biases=7, readout=5,
    )  # fmt: skip
    assert energy.extras == 7 * 3 + 5 * 5
    assert energy.memory == (10 + 7 + 5) * 10
    assert energy.computing == 10 * 5 + energy.extras


def test_neurons_of_unknown_cost_are_unknown_and_none_cost_nothing() -> None:
    table = load_table()
    unknown = image_energy(table, macs=0, acs=1, updates=9, update=None, weight_bytes=8)
    assert unknown.neurons is None
    none = image_energy(table, macs=1, acs=0, updates=0, update=None, weight_bytes=8)
    assert none.neurons == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("multiply_pj = 2", "", "`multiply_pj` (=None)"),
        ("add_pj = 3", "add_pj = 0", "`add_pj` (=0)"),
        ("add_pj = 3", "add_pj = nan", "`add_pj` (=nan)"),
        ("add_pj = 3", "add_pj = 1.1e30", "`add_pj`"),
        ("divide_pj = 8", "divide_pj = true", "`divide_pj` (=bool)"),
        ('name = "a chip"', "", "`name`"),
        ('source = "its makers"', "source = 3", "`source`"),
        ("divide_pj = 8", 'divide_pj = 8\ninterpolated = "yes"', "`interpolated`"),
        ("bytes = 1000", "", "small to large"),
        ("pj_per_64_bits = 20", "bytes = 2000\npj_per_64_bits = 20", "small to large"),
        ("pj_per_64_bits = 4", 'pj_per_64_bits = "x"', "`pj_per_64_bits`"),
        ("[[memory]]", "[memory]", "TOML"),
        (TABLE[TABLE.index("[[") :], "memory = [3]", "[[memory]] is missing"),
        (TABLE[TABLE.index("[[") :], "memory = 3", "[[memory]] is missing"),
        ("=", "", "TOML"),
    ],
)
def test_a_table_that_breaks_a_rule_gets_one_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "chip.toml"
    path.write_text(TABLE.replace(old, new))
    with pytest.raises(UserError, match=r"chip\.toml") as caught:
        load_table(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (1 << 21), b"[" * 5000])
def test_hostile_tables_get_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "chip.toml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"chip\.toml"):
        load_table(path)
    with pytest.raises(UserError, match="cannot be read"):
        load_table(tmp_path / "missing.toml")
