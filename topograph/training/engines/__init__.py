"""Ways to train many sparse nets side by side: same arithmetic, other layouts."""
