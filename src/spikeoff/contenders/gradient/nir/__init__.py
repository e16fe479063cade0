"""Graphs of NIR that run: the file's nodes as a module of PyTorch, and that as a contender."""
