"""The program `portwright`; answers `--version` before anything heavy is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        from portwright import VERSION

        sys.stdout.write(f"portwright {VERSION}\n")
        return
    from portwright.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
