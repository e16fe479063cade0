"""Models by name, ours and those of third parties."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from spikeoff.errors import UserError
from spikeoff.ledger.energy_models import registry
from spikeoff.ledger.energy_models.base import EnergyModel, NotAvailableError
from tests.ledger.energy_models.made import conventional, dense_layer, spiking, spiking_layer


def test_every_model_says_what_it_is() -> None:
    models = registry.models()
    assert [model.name for model in models] == registry.names()
    for model in models:
        assert model.source
        assert model.charges
        assert not model.assumption.endswith(".")
    assert sum(model.counted for model in models) == 8


def test_a_third_partys_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("mine")
    vars(module)["MODEL"] = EnergyModel("mine", lambda _: {"all": 1.0}, "me", "nothing", "it is")
    vars(module)["WRONG"] = 3
    monkeypatch.setitem(sys.modules, "mine", module)
    points = [
        EntryPoint("mine", "mine:MODEL", registry.GROUP),
        EntryPoint("wrong", "mine:WRONG", registry.GROUP),
        EntryPoint("gone", "mine:GONE", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "registered", lambda _: {one.name: one.value for one in points})
    assert registry.names()[-3:] == ["gone", "mine", "wrong"]
    assert registry.find("mine").total(conventional(dense_layer(2, 2))) == 1
    with pytest.raises(UserError, match="must be an EnergyModel"):
        registry.find("wrong")
    with pytest.raises(UserError, match="does not load"):
        registry.find("gone")
    with pytest.raises(UserError, match="'none' is no energy model; choose from counts, smooth"):
        registry.find("none")


def test_models_say_where_they_do_not_apply() -> None:
    unknown = spiking("if", spiking_layer(2, 2, 1))
    for name in ("counts", "smooth", "int8"):
        with pytest.raises(NotAvailableError, match="neuron if is not known"):
            registry.find(name).total(unknown)
    convolution = conventional(dense_layer(2, 2, convolution=True))
    for name in ("lemaire", "neuromc"):
        with pytest.raises(NotAvailableError, match="without the sizes of kernels"):
            registry.find(name).total(convolution)
