"""Studies: do topological properties predict how sparse networks train?"""
