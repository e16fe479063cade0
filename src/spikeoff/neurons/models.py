"""The neurons by name. A neuron is a file of this package and a line here.

Its file has ``State`` and ``Constants`` (NamedTuples of numbers, arrays or tensors) and ``update``
for the ledger, which counts its operations. A neuron that gradients train has all that ``Model``
lists.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

from spikeoff.errors import UserError
from spikeoff.neurons import conductance_lif, izhikevich, lif


class Counted(Protocol):
    """A neuron's file, as far as the ledger needs it."""

    State: Any
    Constants: Any
    update: Callable[..., Any]


class Model(Counted, Protocol):
    """A neuron's file, as layers trained by gradient need it; ``izhikevich`` explains each."""

    def advance(self, state: Any, i: Any, p: Any) -> Any:
        """A step up to the threshold."""

    def excess(self, v: Any, p: Any) -> Any:
        """How far v lies above the threshold."""

    def settled(self, v: Any, p: Any) -> Any:
        """v after threshold and reset."""

    def fire(self, reached: Any, p: Any) -> tuple[Any, Any]:
        """Threshold and reset."""

    def step(self, state: Any, i: Any, p: Any) -> tuple[Any, Any]:
        """``advance`` and ``fire``."""

    def slope(self, v: Any, p: Any) -> Any:
        """The derivative of ``advance`` by v."""

    def pull_back(
        self, by: Any, by_spike: Any, reached: Any, v: Any, p: Any, max_slope: Any
    ) -> tuple[Any, Any]:
        """A step backward."""


class Params(Protocol):
    """The parameters of a population."""

    def constants(self, dt: float = ..., number: Callable[[float], Any] = ...) -> Any:
        """The constants of a step of ``dt`` ms."""

    def rest(self) -> Any:
        """The state from which an example starts."""


TRAINABLE: dict[str, Any] = {"izhikevich": izhikevich, "lif": lif}
MODELS: dict[str, Any] = {**TRAINABLE, "conductance-lif": conductance_lif}


@dataclass
class WithCurrent:
    """A neuron whose synaptic current outlasts a step, as the ledger counts it: a word more.

    What arrives is added by synaptic operations, and a held current costs no other; one that decays
    costs a multiplication per update.
    """

    State: Any
    Constants: Any
    update: Any

    @classmethod
    def of(cls, base: Counted, synapse: str) -> WithCurrent:
        """``base`` with a current that is ``held`` or ``decaying``."""
        state = namedtuple("State", (*base.State._fields, "current"))  # type: ignore[misc]
        decay = 0.5

        @wraps(base.update)
        def decaying(*values: Any) -> Any:
            *others, current = values
            return base.update(*others, decay * current)

        update = decaying if synapse == "decaying" else base.update
        return cls(state, base.Constants, update)


def model(name: str) -> Counted:
    """The neuron of that name; ``lif+held``, say, has a synaptic current that outlasts a step.

    Raises:
        UserError: there is no such neuron.
    """
    base, plus, synapse = name.partition("+")
    if plus and base in TRAINABLE and synapse in ("held", "decaying"):
        return WithCurrent.of(TRAINABLE[base], synapse)
    if name not in MODELS:
        raise UserError(f"`neuron` (={name!r}) is unknown; known: {', '.join(MODELS)}")
    found: Counted = MODELS[name]
    return found


def model_of(constants: type) -> Model:
    """The neuron with constants of this type."""
    found: Model = next(one for one in TRAINABLE.values() if one.Constants is constants)
    return found
