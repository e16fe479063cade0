"""What a study is of: everything that decides its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args

from spikeoff.contenders.base import Config
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError, one_line
from spikeoff.experiments.search.space import Space, from_content, to_content
from spikeoff.run.json_files import plain

SamplerName = Literal["tpe", "gp", "random"]
PrunerName = Literal["median", "hyperband", "asha", "none"]


@dataclass(frozen=True)
class Settings:
    """What decides a study's results.

    contender: its name.
    config: its settings as given, without those of the machine.
    space: what is varied.
    seeds: a trial trains once for each, and is judged by the mean.
    sampler, pruner: by name.
    data: fingerprint of the training part.
    """

    contender: str
    config: dict[str, Any]
    space: Space
    seeds: tuple[int, ...]
    sampler: SamplerName
    pruner: PrunerName
    data: str

    @property
    def kind(self) -> type[Config]:
        """The contender's configuration."""
        return find(self.contender).config_type

    @property
    def steps(self) -> int:
        """Epochs of a trial, over all its seeds, at most."""
        epochs = self.space.get("epochs")
        most = max(_number(end) for end in epochs.ends) if epochs else self.given()["epochs"]
        return int(most) * len(self.seeds)

    def given(self) -> dict[str, Any]:
        """The values of all fields of the configuration, as they were given."""
        checked = from_plain(self.kind, self.config).resolved()
        return {name: self.config.get(name, value) for name, value in vars(checked).items()}

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**vars(self), "space": to_content(self.space), "seeds": list(self.seeds)}


@dataclass(frozen=True)
class Machine:
    """What may differ between the workers of a study, and decides none of its results."""

    num_threads: int | None
    device: str
    mnist_path: str


def raw_defaults(kind: type[Config]) -> dict[str, Any]:
    """The defaults as the fields have them, before anything follows from them."""
    return {one.name: None if one.default is MISSING else one.default for one in fields(kind)}


def changed_settings(kind: type[Config], values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that decide results and are not the defaults, as JSON has them."""
    defaults, effect = raw_defaults(kind), effects(kind)
    return {
        name: plain(value)
        for name, value in values.items()
        if value != defaults[name] and effect[name] in (Effect.RESULT, Effect.SEED)
    }


def settings_from(content: Mapping[str, Any]) -> Settings:
    """The settings that ``Settings.plain`` wrote.

    Raises:
        UserError: it is another's.
    """
    try:
        kind = find(content["contender"]).config_type
        settings = Settings(**{**content, "space": from_content(content["space"], kind),
                               "seeds": tuple(content["seeds"])})  # fmt: skip
        from_plain(kind, settings.config)
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"the study's settings are not of this program ({one_line(error)}); name "
                        "another --study") from error  # fmt: skip
    if settings.sampler not in get_args(SamplerName) or settings.pruner not in get_args(PrunerName):
        raise UserError(f"the study's sampler or pruner ({settings.sampler}, {settings.pruner}) is "
                        "unknown here; name another --study")  # fmt: skip
    return settings


def check_same(held: Settings, wanted: Settings, name: str) -> None:
    """Refuse to go on with a study of something else, naming the first difference."""
    for key in ("contender", "data", "config", "space", "seeds", "sampler", "pruner"):
        there, here = held.plain()[key], wanted.plain()[key]
        if there == here:
            continue
        what = key
        if isinstance(there, dict):
            what = next(k for k in there | here if there.get(k) != here.get(k))
            there, here = there.get(what, "its default"), here.get(what, "its default")
        raise UserError(f"study {name!r} has other settings: {what} is {str(there)[:60]} there and "
                        f"{str(here)[:60]} here; name another --study or --save_path")  # fmt: skip


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
