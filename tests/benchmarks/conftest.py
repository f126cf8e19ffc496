"""Benchmarks import their neighbours (``plans``, ``plain_c``) by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
