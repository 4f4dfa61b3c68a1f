"""The operator's dated rules of supervision: thresholds, weights, routes. None of them is law."""
