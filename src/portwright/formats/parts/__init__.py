"""Parts of formats that are larger than one file; not entries."""
