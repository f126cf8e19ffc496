"""``python -m lambdasim``, and the ``lambdasim`` program."""

import sys


def main() -> int:
    """Run the command line; return its exit code, also for a Ctrl-C while the program is still being loaded."""
    try:
        from lambdasim.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


def program() -> None:
    """Run the command line, and end the process with its exit code."""
    try:
        from lambdasim.cli.process import Leaving

        leaving = Leaving()
    except KeyboardInterrupt:
        sys.exit(130)
    leaving.exit_code = main()
    sys.exit(leaving.exit_code)


if __name__ == "__main__":
    program()
