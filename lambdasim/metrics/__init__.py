"""Metrics: what a run's records say, as CloudWatch would report it and as ``summary.json`` holds it.

:mod:`~lambdasim.metrics.meter` reads records and knows no engine. Nothing is imported here, because ``check``
needs :mod:`~lambdasim.metrics.queueing` without paying for numpy.
"""
