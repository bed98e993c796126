"""Measurements, printed as tables by `make bench`."""
