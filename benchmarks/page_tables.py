"""Tables of measured figures in Markdown, printed or kept in a page between two marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from spikeoff.files import write_text


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def publish(name: str, text: str, arguments: Sequence[str]) -> None:
    """Print ``text``; with ``--into PAGE``, put it between the page's marks of this name.

    The marks are ``<!-- name -->`` and ``<!-- /name -->``, each in a line of its own.
    """
    print(text)
    if "--into" not in arguments:
        return
    page = Path(arguments[arguments.index("--into") + 1])
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    before = page.read_text()
    if not pattern.search(before):
        raise SystemExit(f"{page}: has no marks <!-- {name} --> and <!-- /{name} -->")
    after = pattern.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", before)
    write_text(page, after)
