"""``python -m lambdasim``, and the ``lambdasim`` program."""

import sys


def main() -> int:
    """Run the command line; return its exit code, also for a Ctrl-C while the program is still being loaded."""
    try:
        from lambdasim.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
