#!/usr/bin/env python3
"""Windows of a vibration sensor on a machine with a shaft: one that runs well, and three faults. Each window is the
spectrum of a moment, in decibels as u8: 64 bands up to the 16th harmonic of the shaft.

   ports/harness/vibration.py FOLDER      writes FOLDER/, a data set of normal windows (3,000 to train, 1,000 to test),
                                          and imbalance.idx, bearing.idx and looseness.idx in it

Any other sensor writes its windows in the same form, IDX of N x 1 x D. The same seed gives the same windows."""
import math
import pathlib
import random
import struct
import sys

BANDS = 64
FAULTS = ("imbalance", "bearing", "looseness")


def window(dice, fault=None):
    speed = dice.uniform(0.9, 1.1)
    harmonics = {1: 1.0, 2: 0.5, 3: 0.3, 4: 0.2, 5: 0.12}
    if fault == "imbalance":  # the shaft's own frequency
        harmonics[1] = 3.0
    if fault == "looseness":  # between the harmonics
        harmonics |= {0.5: 0.5, 1.5: 0.4, 2.5: 0.3}
    bands = []
    for band in range(BANDS):
        power = 0.002 * dice.uniform(0.5, 1.5)
        for harmonic, height in harmonics.items():
            distance = (band + 0.5) / 4 - harmonic * speed
            power += (height * math.exp(-8 * distance * distance)) ** 2
        if fault == "bearing":  # a resonance that the rolling elements ring
            power += 0.05 * math.exp(-((band - 44) / 5) ** 2)
        bands.append(max(0, min(255, round(255 / 45 * (10 * math.log10(power) + 32)))))
    return bytes(bands)


def windows(count, seed, fault=None):
    dice = random.Random(seed)
    return [window(dice, fault) for _ in range(count)]


def idx(rows):
    """Windows as the content of a file of images."""
    return struct.pack(">IIII", 0x803, len(rows), 1, len(rows[0])) + b"".join(rows)


def write_data(folder, train, test):
    """A data set of these windows, under the names of MNIST's files. All have the label 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in (("train", train), ("t10k", test)):
        (folder / f"{split}-images-idx3-ubyte").write_bytes(idx(rows))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(rows)) + bytes(len(rows)))


def write_all(folder):
    """A data set of normal windows, and a file of each fault in the same folder."""
    write_data(folder, windows(3000, seed=1), windows(1000, seed=2))
    for fault in FAULTS:
        (folder / f"{fault}.idx").write_bytes(idx(windows(500, seed=3, fault=fault)))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    write_all(pathlib.Path(sys.argv[1]))
