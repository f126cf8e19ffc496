"""Trace formats, one file each, between tables in files (``file``, ``column``) and arrivals (``rows``, ``bins``)."""
