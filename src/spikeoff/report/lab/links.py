"""Links from the comparison page to the live page beside it, one per test image that both have."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = "lab.html"

META = re.compile(r'<meta name="test-images" data-sha256="(\w+)" content="([\d ]*)">')
HEAD = 100_000
"""Characters of a page that are searched for its test images."""


def links(folder: Path, sha256: str) -> dict[int, str]:
    """Addresses in the live page of a folder, by the numbers of the test images that it has.

    Args:
        folder: of the comparison page.
        sha256: of the data set; a live page of another one has none of its images.
    """
    try:
        with (folder / PAGE).open(encoding="utf-8") as page:
            found = META.search(page.read(HEAD))
    except (OSError, UnicodeDecodeError):
        return {}
    if found is None or found[1] != sha256:
        return {}
    return {int(number): f"{PAGE}#test={number}" for number in found[2].split()}
