"""Hostile input by the hundred thousand: of whatever a file holds, only a declared error may come.

A case is a pure function of (seed, number), so that any of them can be made again. It is fed to the
entry points that read what people write (targets.py), by processes that are watched (watch.py).
"""
