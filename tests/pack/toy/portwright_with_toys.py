"""Runs portwright's command line with the formats of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import portwright.formats

HERE = str(Path(__file__).parent)
portwright.formats.__path__.append(HERE)
sys.path.append(HERE)

if __name__ == "__main__":
    from portwright.cli.app import main

    main()
