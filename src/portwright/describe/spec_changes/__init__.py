"""Changes of the form of target specs between versions of rustc, one per file."""
