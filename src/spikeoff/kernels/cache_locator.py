"""Where Numba keeps a compiled kernel: a place that depends on the sources, not on their folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
from numba.core.caching import UserProvidedCacheLocator

settings: Any = numba.config


class SourceCacheLocator(UserProvidedCacheLocator):
    """The folder in Numba's setting CACHE_DIR itself.

    Numba would add a name made from the folder of the source file. A second clone, a virtual
    environment that was made anew or a wheel that was installed again would then compile what lies
    compiled already. The folder that is set is that of the state of the sources.
    """

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        """Keep the folder that is set now."""
        cast(Any, super()).__init__(py_func, py_file)
        self._cache_path = str(settings.CACHE_DIR)
