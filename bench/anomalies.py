#!/usr/bin/env python3
"""How well scores tell digits from what is none: the test set against changed copies of itself.

   bench/anomalies.py PICOVAE MODEL DATA     DATA: the folder of MNIST's files

Prints a table of AUROC (picovae score) for each figure. Deterministic.
"""
import gzip
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

SIDE = 28


def read_images(folder):
    path = next(folder.glob("t10k-images*"))
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    count, = struct.unpack(">I", content[4:8])
    size = SIDE * SIDE
    return [content[16 + i * size:16 + (i + 1) * size] for i in range(count)]


def rotated(image, _):  # a quarter turn
    return bytes(image[(SIDE - 1 - x) * SIDE + y] for y in range(SIDE) for x in range(SIDE))


def mirrored(image, _):
    return b"".join(image[row * SIDE:(row + 1) * SIDE][::-1] for row in range(SIDE))


def with_hole(image, dice):  # 6 x 6 pixels about a pixel of ink
    ink = dice.choice([i for i, pixel in enumerate(image) if pixel > 127])
    pixels = bytearray(image)
    for y in range(ink // SIDE - 3, ink // SIDE + 3):
        for x in range(ink % SIDE - 3, ink % SIDE + 3):
            if 0 <= y < SIDE and 0 <= x < SIDE:
                pixels[y * SIDE + x] = 0
    return bytes(pixels)


def noisy(image, dice):
    return bytes(max(0, min(255, round(pixel + dice.gauss(0, 40)))) for pixel in image)


def dimmed(image, _):
    return bytes(pixel // 2 for pixel in image)


def main(picovae, model, data):
    images = read_images(pathlib.Path(data))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for change in (rotated, mirrored, with_hole, noisy, dimmed):
            dice = random.Random(1)
            path = pathlib.Path(folder) / change.__name__
            changed = b"".join(change(image, dice) for image in images)
            path.write_bytes(struct.pack(">IIII", 0x803, len(images), SIDE, SIDE) + changed)
            said = subprocess.run([picovae, "score", model, "--data", data, "--against", path, "--json"], check=True,
                                  stdout=subprocess.PIPE).stdout
            rows.append((change.__name__.replace("_", " "),
                         {figure["name"]: figure["auroc"] for figure in json.loads(said)["figures"]}))
    names = list(rows[0][1])
    print("| digits | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    for name, figures in rows:
        print(f"| {name} | " + " | ".join(f"{figures[n]:.3f}" for n in names) + " |")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
