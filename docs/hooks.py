"""What the site takes from elsewhere: help of commands, the changelog, and executed notebooks."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

COMMANDS, CHANGELOG = "<!-- commands -->", "<!-- changelog -->"

PAGE_OF_A_NOTEBOOK = """\
{% extends "markdown/index.md.j2" %}
{% block data_html %}
<div class="notebook-output">{{ output.data["text/html"] }}</div>
{% endblock %}
"""
"""Template of nbconvert: Markdown, in which the HTML of an output stays as it is."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every notebook, with the outputs that are stored in it."""
    exporter = MarkdownExporter(raw_template=PAGE_OF_A_NOTEBOOK)
    for notebook in [one for one in files if one.src_uri.endswith(".ipynb")]:
        path = PurePosixPath(notebook.src_uri)
        text, resources = exporter.from_filename(
            notebook.abs_src_path, resources={"unique_key": path.stem}
        )
        # The title keeps this link from becoming one to the page.
        text += f'\n\n[Download this notebook]({path.name} "Jupyter notebook")\n'
        files.append(File.generated(config, str(path.with_suffix(".md")), content=text))
        for name, picture in resources["outputs"].items():
            files.append(File.generated(config, str(path.with_name(name)), content=picture))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the help of every command, or the changelog, where a page asks for it.

    Links to notebooks, which a repository's pages show, lead to the pages made of them.
    """
    markdown = markdown.replace(".ipynb)", ".md)")
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
