"""The training analysis of a network that learns online."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spikeoff.report.figures import analysis_figure
from tests.report.test_comparison import RECORDS


def test_its_accuracy_is_drawn_over_the_images() -> None:
    record = RECORDS[0]
    points = [[1000, 0.5], [2000, 0.75]]
    with_curve = replace(record, summary={**record.summary, "learning": points})
    axes = next(a for a in analysis_figure(with_curve).axes if a.get_title() == "Accuracy")
    assert axes.get_xlabel() == "Training images"
    line = axes.get_lines()[0]
    assert list(line.get_xdata()) == [1000, 2000]
    assert list(line.get_ydata()) == pytest.approx([50, 75])
