"""Engines of the Diehl & Cook network."""
