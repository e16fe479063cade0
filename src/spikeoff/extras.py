"""Packages that only some commands need: optional dependencies, imported when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from spikeoff.errors import UserError, one_line


def import_extra(extra: str, module: str) -> Any:
    """Import ``module``, which comes with the optional dependencies ``extra``.

    Raises:
        UserError: it is not installed, or does not load.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{error.name or module} is not installed; it comes with the extra: "
            f"pip install 'spikeoff[{extra}]'"
        ) from error
    except ImportError as error:
        raise UserError(f"{module} is installed but does not load: {one_line(error)}") from error
