"""Hostile files for every reader: a corpus, a property, and a fuzzer (``python -m tests.fuzz``)."""
