"""Answers as they were asked for: each kind of question of ``[answer]`` has a shape and a sentence of its own."""
