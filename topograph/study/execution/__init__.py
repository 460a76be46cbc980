"""Run a study: on one machine, on many, or elsewhere."""
