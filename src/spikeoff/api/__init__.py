"""What ``import spikeoff`` offers: data, runs and comparisons from Python.

Names are imported when they are used; ``spikeoff/__init__.py`` lists them.
"""
