"""Null models: is a net's structure special, or is it just its density or its degrees?"""

from topograph.nulls.ensemble import PATIENCE_SECONDS, null_ensemble
from topograph.nulls.sampling import NULL_KINDS, null_net
from topograph.nulls.significance import Significance, significance

__all__ = [
    "NULL_KINDS",
    "PATIENCE_SECONDS",
    "Significance",
    "null_ensemble",
    "null_net",
    "significance",
]
