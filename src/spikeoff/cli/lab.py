"""``spikeoff lab``: the live page of trained networks."""

from __future__ import annotations

from pathlib import Path

from spikeoff.cli.records import Runs


def lab(runs: Runs = (), export: Path | None = None) -> int:
    """Write a page where you draw a digit and trained networks answer, and open it in a browser.

    The page is one HTML file that needs neither a server nor the network. If you export it to
    lab.html in the folder of a race, `spikeoff report RACE --output RACE` links the errors on the
    comparison page to it.

    Args:
        runs: folders of runs, folders that contain runs, or names of networks in the package
            (spikeoff pretrained lists them); by default all of these networks.
        export: path to write the page to; it is then not opened.
    """
    import tempfile
    import webbrowser

    from spikeoff.console import output_console
    from spikeoff.report.lab.choice import chosen_runs
    from spikeoff.report.lab.links import PAGE
    from spikeoff.report.lab.page import write_lab

    console = output_console()
    choice = chosen_runs(runs)
    path = export or Path(tempfile.mkdtemp(prefix="spikeoff-lab-")) / PAGE
    for line in (*write_lab(choice, path), str(path)):
        console.print(line, highlight=False, soft_wrap=True)
    if export is None:
        webbrowser.open(path.as_uri())
    return 0
