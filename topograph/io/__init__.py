"""Files to layered graphs and back: one file a format, all of them hostile until read.

Layer orientation is settled in `topograph.io.orientation` and nowhere else; what a file may
take of memory is said in `topograph.io.limits`.
"""

from topograph.io.arrays import from_layers
from topograph.io.convolution_masks import (
    ConvolutionMasks,
    holds_convolution_masks,
    read_convolution_masks,
)
from topograph.io.limits import MAX_BYTES
from topograph.io.orientation import Orientation
from topograph.io.reading import read
from topograph.io.replacing import write_text
from topograph.io.writing import write

__all__ = [
    "MAX_BYTES",
    "ConvolutionMasks",
    "Orientation",
    "from_layers",
    "holds_convolution_masks",
    "read",
    "read_convolution_masks",
    "write",
    "write_text",
]
