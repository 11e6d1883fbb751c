"""What can be wrong with a binary or an image: one fault per file, found by its name (see `pack/fault.py`)."""
