"""Inference: what a few replications, or one long run, say about all the runs that there could have been.

Plain numbers in, intervals out; nothing here knows a summary's keys but :mod:`~lambdasim.metrics.inference.merging`.
"""
