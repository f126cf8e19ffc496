"""Reports on a result: the verdict, summaries as text and Markdown, a notebook's view and figures.

Reads results, never engines. Nothing is imported here: ``check`` needs :mod:`~lambdasim.report.words` without paying
for numpy, and matplotlib is loaded when the first figure is drawn.
"""
