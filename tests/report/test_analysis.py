"""The training analysis of a network that learns online."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from spikeoff.report.figures import _draw_accuracy
from tests.report.test_comparison import RECORDS


def test_its_accuracy_is_drawn_over_the_images() -> None:
    record, axes = RECORDS[0], Figure().add_subplot()
    points = [[1000, 0.5], [2000, 0.75]]
    _draw_accuracy(axes, replace(record, summary={**record.summary, "learning": points}))
    assert axes.get_xlabel() == "Training images"
    drawn = np.asarray(axes.get_lines()[0].get_xydata())
    np.testing.assert_allclose(drawn, [[1000, 50], [2000, 75]])
