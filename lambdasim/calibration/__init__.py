"""From logs to a model, and a model beside logs: what was measured decides, and what is too thin is said to be."""
