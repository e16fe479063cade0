"""The index of a pruned matrix: SciPy's CSR, the smaller of two forms, and what models charge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

from spikeoff.ledger.energy_models.registry import find
from spikeoff.ledger.recording import Synapses
from spikeoff.ledger.sparse_store import index_of
from tests.ledger.energy_models.made import spiking, spiking_layer


def test_columns_are_those_of_csr() -> None:
    matrix = scipy.sparse.random(784, 1000, 0.02, "csr", random_state=np.random.default_rng(0))
    assert matrix.indices.max() < 2**10
    assert matrix.indptr.max() < 2**14
    index = index_of(784, 1000, matrix.nnz)
    assert index.bits == 10 * len(matrix.indices) + 14 * len(matrix.indptr)
    assert (index.per_event, index.per_weight) == (2 * 14, 10)


@pytest.mark.parametrize(("kept", "bits"), [(0.3, 256 * 784), (0.1, 8 * 20_070)])
def test_the_smaller_form_counts(kept: float, bits: int) -> None:
    stored = round(kept * 256 * 784)
    pointers = 785 * stored.bit_length()
    assert index_of(784, 256, stored).bits == bits + pointers


def test_all_events_read_a_bitmap_whole() -> None:
    index = index_of(784, 256, 60_211)
    assert 784 * (index.per_event - 2 * 16) + 785 * 16 == index.bits


def test_only_a_pruned_matrix_has_an_index() -> None:
    matrix = scipy.sparse.random(784, 1000, 0.02, "csr", random_state=np.random.default_rng(0))
    dense, pruned = (
        Synapses.of("a", "input", matrix.toarray(), pruned=pruned) for pruned in (False, True)
    )
    assert pruned.index_bits == 10 * len(matrix.indices) + 14 * len(matrix.indptr)
    assert dense.index_bits == 0
    assert Synapses("a", "input", dense.met, dense.dense, dense.places, matrix.nnz).index_bits == 0


@pytest.mark.parametrize("name", ["counts", "smooth", "simple", "lemaire", "spyx", "int8"])
def test_models_with_memory_charge_the_index(name: str) -> None:
    layer = spiking_layer(784, 256, 130.0, stored=60_211, operations=130 * 0.3 * 256)
    plain, indexed = (
        find(name).total(spiking("lif", replace(layer, pruned=pruned), steps=8))
        for pruned in (False, True)
    )
    assert indexed > plain
    whole = replace(layer, pruned=True, stored=layer.places)
    assert spiking("lif", whole).as_dense_matrices().index_words == 0


def test_the_price_of_the_index_by_hand() -> None:
    """``simple``: 24.96 pJ per byte, whatever the memory."""
    layer = spiking_layer(784, 256, 130.0, stored=60_211, operations=130 * 0.3 * 256)
    plain, indexed = (
        find("simple").total(spiking("lif", replace(layer, pruned=pruned), steps=8))
        for pruned in (False, True)
    )
    bits = 130 * (256 + 2 * 16)  # a row of the bitmap, and two pointers
    assert indexed - plain == pytest.approx(24.96 * bits / 8)
