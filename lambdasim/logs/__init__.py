"""Logs of Lambda, as people export them, read into rows: one for each invocation. Knows no experiment and no law."""
