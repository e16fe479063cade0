"""What the site takes from elsewhere: the help of every command, as printed, and the changelog."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Any

COMMANDS, CHANGELOG = "<!-- commands -->", "<!-- changelog -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the help of every command, or the changelog, where a page asks for it."""
    if COMMANDS in markdown:
        return markdown.replace(COMMANDS, command_reference())
    if CHANGELOG in markdown:
        return markdown.replace(CHANGELOG, changelog())
    return markdown


def changelog() -> str:
    """The changelog, its links as seen from the folder of the pages."""
    return (Path(__file__).parents[1] / "CHANGELOG.md").read_text().replace("](docs/", "](")


def command_reference() -> str:
    """One section per command, and one for each contender that can be trained."""
    from spikeoff.cli.verbs import VERBS  # noqa: PLC0415
    from spikeoff.contenders.registry import names  # noqa: PLC0415

    asked = [[verb] for verb in VERBS] + [["train", name] for name in names()]
    return "\n".join(f"## spikeoff {' '.join(words)}\n\n```text\n{printed(words)}```\n"
                     for words in asked)  # fmt: skip


def printed(words: list[str]) -> str:
    """The help of a command in 80 columns, without colours."""
    from spikeoff.cli import main  # noqa: PLC0415

    os.environ.update(COLUMNS="80", NO_COLOR="1")
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return output.getvalue()
