#!/usr/bin/env python3
"""How well scores tell digits from what is none: the test set against changed copies of itself. And how often
thresholds that are kept from one half of the test set call the other half abnormal.

   bench/anomalies.py PICOVAE MODEL DATA     MODEL: an s8 one; DATA: the folder of MNIST's files

Prints a table of AUROC (picovae score), and one of the shares above thresholds, for each figure. Deterministic.
"""
import csv
import gzip
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

SIDE = 28
UNITS = {"excess": 256, "neg_elbo": 256, "squares": 1}  # in which thresholds are kept
SHOWN_LEVELS = (900, 950, 980, 990, 995, 998, 999)


def read_split(folder, split):
    """Images and labels of MNIST's files."""
    contents = []
    for name, header in ((f"{split}-images*", 16), (f"{split}-labels*", 8)):
        path = next(pathlib.Path(folder).glob(name))
        content = path.read_bytes()
        contents.append((gzip.decompress(content) if path.suffix == ".gz" else content)[header:])
    pixels, labels = contents
    size = SIDE * SIDE
    return [pixels[i * size:(i + 1) * size] for i in range(len(labels))], list(labels)


def write_images(path, images):
    path.write_bytes(struct.pack(">IIII", 0x803, len(images), SIDE, SIDE) + b"".join(images))


def write_split(folder, split, images, labels):
    write_images(folder / f"{split}-images-idx3-ubyte", images)
    (folder / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(labels)) + bytes(labels))


def run(*command):
    """What a program prints."""
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def aurocs(picovae, model, data, against):
    """Figure -> AUROC."""
    said = run(picovae, "score", model, "--data", data, "--against", against, "--json")
    return {figure["name"]: figure["auroc"] for figure in json.loads(said)["figures"]}


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


def print_table(head, rows, form):
    """rows: title -> {figure: value}"""
    names = list(next(iter(rows.values())))
    print(f"| {head} | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    for title, figures in rows.items():
        print(f"| {title} | " + " | ".join(form.format(figures[n]) for n in names) + " |")


def shares_above(picovae, model, images, labels, folder):
    """Level -> {figure: the share of one half above the threshold kept from the other, in %}"""
    half, kept, rest, table = (folder / name for name in ("half", "kept.pvae", "rest.idx", "scores.csv"))
    half.mkdir()
    write_split(half, "t10k", images[::2], labels[::2])
    write_images(rest, images[1::2])
    run(picovae, "score", model, "--data", half, "--keep", kept, "--against", rest, "--csv", table)
    thresholds = json.loads(run(picovae, "info", kept, "--json"))["thresholds"]
    with table.open() as file:
        scores = [row for row in csv.DictReader(file) if row["set"] == "against"]
    rows = {}
    for i, level in enumerate(thresholds["per_mille"]):
        if level in SHOWN_LEVELS:
            rows[f"{100 - level / 10:.1f} %"] = {
                figure: 100 * sum(round(float(score[figure]) * unit) > thresholds[figure][i] for score in scores)
                / len(scores) for figure, unit in UNITS.items()}
    return rows


def main(picovae, model, data):
    images, labels = read_split(data, "t10k")
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for change in (rotated, mirrored, with_hole, noisy, dimmed):
            dice = random.Random(1)
            path = folder / change.__name__
            write_images(path, [change(image, dice) for image in images])
            rows[change.__name__.replace("_", " ")] = aurocs(picovae, model, data, path)
        print_table("digits", rows, "{:.3f}")
        print()
        print_table("wanted", shares_above(picovae, model, images, labels, folder), "{:.2f} %")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
