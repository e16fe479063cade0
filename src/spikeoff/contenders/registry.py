"""Contenders by name: those of this package, and those that others register.

A third party registers its own under the entry-point group ``spikeoff.contenders``, as
``name = "module:Class"``. Modules are imported when a contender is used, not before.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from spikeoff.errors import UserError, one_line
from spikeoff.plugins import registered

if TYPE_CHECKING:
    from spikeoff.contenders.base import Contender

GROUP = "spikeoff.contenders"

OWN_NETWORK = "spikeoff.contenders.gradient.own_network"

NIR_NETWORK = "spikeoff.contenders.gradient.nir.contender"
NIR_ENDING = ".nir"

NATIVE = "native"
"""The engine that needs no mention."""

BUILT_IN = {
    "izhikevich-gradient": "spikeoff.contenders.gradient.spiking:IzhikevichGradient",
    "izhikevich-sparse": "spikeoff.contenders.gradient.sparse:IzhikevichSparse",
    "izhikevich-stdp": "spikeoff.contenders.izhikevich_stdp.contender:IzhikevichSTDP",
    "diehl-cook": "spikeoff.contenders.diehl_cook.contender:DiehlCook",
    "mlp": "spikeoff.contenders.gradient.mlp:MLP",
    "mlp-int8": "spikeoff.contenders.gradient.mlp_int8:MLPInt8",
    "cnn": "spikeoff.contenders.gradient.cnn:CNN",
}


def names() -> list[str]:
    """All contenders' names, ours first."""
    return [*BUILT_IN, *sorted(registered(GROUP).keys() - BUILT_IN.keys())]


def find(name: str) -> type[Contender]:
    """The contender of that name; ``my_package:MyNet`` is a PyTorch module of the user's own.

    A path that ends in .nir is the network of a NIR graph.

    Raises:
        UserError: there is none, or its module does not load.
    """
    if name.endswith(NIR_ENDING):
        return _nir_network(name)
    if ":" in name:
        return _own_network(name)
    path = BUILT_IN.get(name) or registered(GROUP).get(name)
    if path is None:
        raise UserError(
            f"{name!r} is no contender; choose from {', '.join(names())}, or name a PyTorch module "
            "of your own as my_package:MyNet, or a NIR graph as network.nir"
        )
    module, _, attribute = path.partition(":")
    try:
        found: type[Contender] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"{name}: {path} does not load: {one_line(error)}") from error
    return found


def _own_network(name: str) -> type[Contender]:
    """The contender around a module of the user's own, also from the working directory."""
    path, _, attribute = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # as `python -m` does; what is installed goes first
    try:
        make = getattr(import_module(path), attribute)
    except ImportError as error:
        raise UserError(f"{name}: {path} cannot be imported: {one_line(error)}") from error
    except (AttributeError, ValueError) as error:
        raise UserError(f"{name}: there is no {attribute!r} in {path or 'no module'}") from error
    if not callable(make):
        raise UserError(f"{name}: must be a class of torch.nn.Module, or a function that makes one")
    own: type[Contender] = import_module(OWN_NETWORK).contender_of(make, name)
    return own


def _nir_network(name: str) -> type[Contender]:
    """The contender of the NIR graph at a path."""
    path = Path(name)
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    own: type[Contender] = import_module(NIR_NETWORK).contender_of_file(name, changed)
    return own


def folder_name(label: str) -> str:
    """A label as the name of a folder: ``my_package:MyNet`` as ``my_package.MyNet``."""
    return re.sub(r"[:/\\]+", ".", label).strip(".")


def label(name: str, engine: str | None) -> str:
    """What a race calls a contender: its name, with ``@engine`` where that is not ours."""
    return name if engine in (None, NATIVE) else f"{name}@{engine}"


def parse(one: str) -> tuple[str, str | None]:
    """The name and the engine in a label; None where it names no engine."""
    if one.endswith(NIR_ENDING):
        return one, None
    name, at, engine = one.partition("@")
    return name, engine if at else None
