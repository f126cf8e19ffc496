"""Who calls, when, and for how long: configuration and seed become plan chunks. Nothing here knows an engine."""
