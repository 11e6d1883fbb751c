"""The contract of a presenter: one form of a report, made of the report's value and nothing else.

A presenter has `SUFFIX`, the end of the name of such a file, and `present(report: Report) -> str`. What a report quotes
comes from guests: a presenter makes it harmless in its own form.
"""
