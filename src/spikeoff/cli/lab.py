"""``spikeoff lab``: the live page of trained networks."""

from __future__ import annotations

from pathlib import Path

from spikeoff.cli.records import Runs


def lab(runs: Runs = (), export: Path | None = None) -> int:
    """Write a page where you draw a digit and trained networks answer, and open it in a browser.

    The page is one HTML file that needs neither a server nor the network.

    Args:
        runs: folders of runs, folders that contain runs, or names of networks in the package
            (spikeoff pretrained lists them); by default all of these networks.
        export: path to write the page to; it is then not opened.
    """
    import tempfile
    import webbrowser

    from spikeoff.console import output_console
    from spikeoff.report.lab.choice import chosen_runs
    from spikeoff.report.lab.page import PAGE, write_lab

    console = output_console()
    records = chosen_runs(runs)
    path = export or Path(tempfile.mkdtemp(prefix="spikeoff-lab-")) / PAGE
    for line in (*write_lab(records, path), str(path)):
        console.print(line, highlight=False, soft_wrap=True)
    if export is None:
        webbrowser.open(path.as_uri())
    return 0
