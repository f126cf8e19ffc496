"""``python -m lambdasim``."""

import sys

from lambdasim.cli import main

if __name__ == "__main__":
    sys.exit(main())
