"""Crates of the registry that must know the OS, one per file: what is laid over their sources.

An entry has `SERIES`, the versions that it knows by their first numbers ("0.3"), and `edits(port, series)`.
"""
