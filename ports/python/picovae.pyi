"""Variational autoencoders of picovae over arrays of NumPy.

Functions give the bits of the commands of the same name. They run on the calling thread, without the GIL: threads may
share a Model. Arrays in C order are read where they are, others are copied. A wrong type or shape of an array, or a
number out of range, is a ValueError; what the model cannot do, a RuntimeError.
"""

import os
from typing import Optional, Tuple, Union

import numpy as np
from numpy.typing import NDArray

__version__: str

class Model:
    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Reads a .pvae or .safetensors file and verifies it. OSError: it cannot be opened. RuntimeError: it is no
        model, is damaged, or was exported for a board."""

    @property
    def shape(self) -> Tuple[int, ...]:
        """Pixels, units of the encoder's hidden layers (the decoder's in reverse), latents: (784, 300, 300, 50), or
        (784, 400, 20) of a model with one hidden layer each way."""

    @property
    def image_shape(self) -> Tuple[int, int]:
        """Rows and columns of an image: (28, 28)."""

    @property
    def type(self) -> str:
        """Of the weights: "f32", "f16", "bf16" or "s8"."""

    @property
    def model_id(self) -> str:
        """CRC-32C of the parameters in hexadecimal, the same in every layout."""

    @property
    def signature(self) -> Optional[str]:
        """CRC-32C in hexadecimal of the digits that an s8 model draws on every machine; None for other types."""

    @property
    def classes(self) -> Tuple[int, ...]:
        """Labels that generate takes as `digit`, ascending; empty if the model knows none."""

    def encode(self, images: NDArray[np.uint8]) -> Tuple[NDArray[np.float32], NDArray[np.float32]]:
        """images (n, pixels) or (n, rows, columns), 0..255 -> mean and log variance of q(z|x), each (n, latents)."""

    def decode(self, z: NDArray[np.float32]) -> NDArray[np.uint8]:
        """z (n, latents) -> images (n, rows, columns). An s8 model rounds z to multiples of 1/1024 within +-8."""

    def decode_logits(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """z (n, latents) -> Bernoulli logits (n, rows, columns); those of an s8 model are multiples of 1/128."""

    def generate(self, count: int, seed: int = 1, first: int = 0, digit: Optional[int] = None) -> NDArray[np.uint8]:
        """Images first .. first + count - 1 of a seed, (count, rows, columns); with `digit`, of that class.
        seed: below 2^64. first + count: at most 2^32."""

    def reconstruct(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """images as encode takes them -> (n, rows, columns), decoded from the means of their posteriors."""

    def score(self, images: NDArray[np.uint8]) -> np.ndarray:
        """images as encode takes them -> (n,) with the f64 fields reconstruction, kl, entropy, neg_elbo, excess (nats)
        and squares (of pixels 0..255). The larger, the less normal."""
