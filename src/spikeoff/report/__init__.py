"""Figures, tables and the comparison page, made from the records of runs."""
