"""The law: what AWS Lambda decides, as plain Python objects. No clock, no randomness, no third-party import."""
