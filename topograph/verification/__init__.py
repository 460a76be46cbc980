"""Proof or counterexample: path-connectedness, symmetry and regularity of any mask."""

from topograph.verification.connectedness import check_connected
from topograph.verification.regularity import check_regular
from topograph.verification.symmetry import check_symmetric
from topograph.verification.verify_all import PROPERTIES, verify

__all__ = ["PROPERTIES", "check_connected", "check_regular", "check_symmetric", "verify"]
