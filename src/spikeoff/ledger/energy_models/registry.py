"""Energy models by name: those of this package, and those that others register.

A third party registers an ``EnergyModel`` under the entry-point group ``spikeoff.energy_models``,
as ``name = "module:OBJECT"``.
"""

from __future__ import annotations

from importlib import import_module

from spikeoff.errors import UserError, one_line
from spikeoff.ledger.energy_models.base import EnergyModel
from spikeoff.plugins import registered

GROUP = "spikeoff.energy_models"

HERE = "spikeoff.ledger.energy_models"

BUILT_IN = {
    "counts": f"{HERE}.counts:MODEL",
    "smooth": f"{HERE}.smooth:MODEL",
    "simple": f"{HERE}.simple:MODEL",
    "lemaire": f"{HERE}.lemaire:MODEL",
    "lemaire-leat": f"{HERE}.lemaire:LEAT",
    "davidson-furber": f"{HERE}.davidson_furber:MODEL",
    "bit-ops": f"{HERE}.bit_ops:MODEL",
    "spyx": f"{HERE}.spyx:MODEL",
    "spyx-8bit": f"{HERE}.spyx:EQUAL_WEIGHTS",
    "int8": f"{HERE}.int8:MODEL",
    "neuromc": f"{HERE}.neuromc:MODEL",
    "loihi": f"{HERE}.loihi:MODEL",
}


def names() -> list[str]:
    """All models' names, ours first."""
    return [*BUILT_IN, *sorted(registered(GROUP).keys() - BUILT_IN.keys())]


def find(name: str) -> EnergyModel:
    """The model of that name.

    Raises:
        UserError: there is none, it does not load, or it is not an ``EnergyModel``.
    """
    path = BUILT_IN.get(name) or registered(GROUP).get(name)
    if path is None:
        raise UserError(f"{name!r} is no energy model; choose from {', '.join(names())}")
    module, _, attribute = path.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"energy model {name}: {path} does not load: {one_line(error)}") from error
    if not isinstance(found, EnergyModel):
        raise UserError(f"energy model {name}: {path} must be an EnergyModel of energy_models.base")
    return found


def models() -> list[EnergyModel]:
    """All models, ours first."""
    return [find(name) for name in names()]
