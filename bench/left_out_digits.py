#!/usr/bin/env python3
"""How well scores find a digit that the model has never seen, and whether integers find it as f32 does.

   bench/left_out_digits.py PICOVAE DATA [EPOCHS]     DATA: the folder of MNIST's files; 12 epochs by default

For each digit a model is trained on the nine others, quantized, and scores the test images of the nine against those of
the digit left out. Prints a table of AUROC, f32 and s8, and the largest difference. Deterministic on one machine.
"""
import pathlib
import sys
import tempfile

from anomalies import aurocs, read_split, run, write_images, write_split

FIGURES = {"excess": "excess", "neg_elbo": "negative ELBO", "squares": "squared error"}


def figures_without(digit, picovae, splits, epochs, folder):
    """Of f32 and of s8: figure -> AUROC."""
    for split, (images, labels) in splits.items():
        kept = [i for i, label in enumerate(labels) if label != digit]
        write_split(folder, split, [images[i] for i in kept], [labels[i] for i in kept])
    against = folder / "left_out.idx"
    write_images(against, [image for image, label in zip(*splits["t10k"]) if label == digit])
    f32, s8 = folder / "model.safetensors", folder / "model.pvae"
    run(picovae, "train", "--data", folder, "--epochs", epochs, "--out", f32)
    run(picovae, "quantize", f32, "--data", folder, "--out", s8)
    return [aurocs(picovae, model, folder, against) for model in (f32, s8)]


def main(picovae, data, epochs="12"):
    splits = {split: read_split(data, split) for split in ("train", "t10k")}
    print("| left out | " + " | ".join(f"{name}, f32 / s8" for name in FIGURES.values()) + " |\n" + "|---" * 4 + "|")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for digit in range(10):
            rows.append(figures_without(digit, picovae, splits, epochs, pathlib.Path(folder)))
            print_row(digit, rows[-1:])
    print_row("mean", rows)
    print("largest difference between f32 and s8: "
          f"{max(abs(f32[name] - s8[name]) for f32, s8 in rows for name in FIGURES):.4f}")


def print_row(title, rows):
    """The mean of rows."""
    cells = (" / ".join(f"{sum(row[i][name] for row in rows) / len(rows):.3f}" for i in (0, 1)) for name in FIGURES)
    print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
