"""Trains the rows of the table of recipes and prints it. Called by recipes.sh, which has the help."""

import argparse
import json
import statistics
import subprocess
import sys

from trainings import Trainings

HELD_OUT = 10_000  # of the training images, to choose by

# What the default becomes when one part of it is left out or changed, and what it is compared with.
CHOICES = [
    ("default", []),
    ("deck", ["--preset", "deck"]),
    ("not rotated", ["--rotated", "off"]),
    ("neither rotated nor centered", ["--rotated", "off", "--centered", "off"]),
    ("without sticking the landing", ["--sticking", "off"]),
    ("without looking ahead", ["--nesterov", "off"]),
    ("without a clip", ["--clip", "0"]),
    ("beta1 0.9", ["--beta1", "0.9"]),
    ("constant rate 1e-3", ["--schedule", "constant", "--lr", "1e-3"]),
    ("rate 3e-3", ["--lr", "3e-3"]),
    ("rate 8e-3", ["--lr", "8e-3"]),
    ("no warm-up", ["--warmup", "0"]),
    ("warm-up 15 %", ["--warmup", "0.15"]),
    ("rate of biases x3", ["--bias-rate", "3"]),
    ("batch 50", ["--batch", "50"]),
    ("batch 200", ["--batch", "200"]),
    ("one z throughout", ["--samples-late", "1"]),
    ("a pair of z throughout", ["--samples", "2"]),
    ("two independent z late", ["--antithetic", "off"]),
    ("a pair in the last 40 %", ["--late-share", "0.4"]),
    ("a pair in the last 60 %", ["--late-share", "0.6"]),
    ("rate 6e-3", ["--lr", "6e-3"]),
    ("KL warm-up of 5 epochs", ["--kl-warmup", "5"]),
]
QUICK = ("default", "deck", "not rotated")

# On all training images and the test set, once the choice is made: name, arguments, all seeds?
FINAL = [
    ("default, 12 epochs", ["--epochs", "12"], False),
    ("default, 30 epochs", ["--epochs", "30"], True),
    ("default, 80 epochs", ["--epochs", "80"], False),
    ("default, 30 epochs, binary pixels", ["--epochs", "30", "--pixels", "binary"], False),
    ("deck, 30 epochs", ["--epochs", "30", "--preset", "deck"], True),
]


class Bench:
    def __init__(self, options):
        self.options = options
        self.done = Trainings(options.folder, self.key)
        self.folder = self.done.folder

    @staticmethod
    def key(row):
        return (*row["arguments"], "seed", row["seed"], "held out", row["held_out"])

    def picovae(self, *arguments):
        common = ["--threads", self.options.threads]
        if self.options.data:
            common += ["--data", self.options.data]
        return subprocess.run([self.options.picovae, *map(str, [*arguments, *common])], check=True,
                              capture_output=True, text=True).stdout

    def measure(self, name, arguments, seed, held_out):
        """One training, unless its figures are there already."""
        row = {"name": name, "arguments": arguments, "seed": seed, "held_out": held_out}
        if done := self.done.find(row):
            return done
        print(f"{name}, seed {seed}", file=sys.stderr, flush=True)
        model, log = self.folder / "model.safetensors", self.folder / "log.csv"
        validation = ["--validation", held_out] if held_out else []
        try:
            self.picovae("train", *arguments, "--seed", seed, "--out", model, "--log", log, *validation,
                         "--checkpoint", "/dev/null")
        except subprocess.CalledProcessError as error:
            if "diverged" not in error.stderr:
                sys.exit(error.stderr)
            row["diverged"] = True
        else:
            header, *epochs = (line.split(",") for line in log.read_text().splitlines())
            last = dict(zip(header, map(float, epochs[-1])))
            row["f32"] = last["validation_neg_elbo" if held_out else "test_neg_elbo"]
            row["seconds"] = statistics.median(float(epoch[header.index("seconds")]) for epoch in epochs)
            if "binary" not in arguments:  # integers are for gray pixels
                quantized = self.picovae("quantize", model, "--out", self.folder / "model.pvae", "--json", *validation)
                row["s8"] = json.loads(quantized)["quantized"]["neg_elbo"]
        self.done.add(row)
        return row


def spread(values):
    """The mean, and the least and the most of several."""
    if None in values:
        return "-"  # diverged, or never measured
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.mean(values):.2f} ({min(values):.2f}..{max(values):.2f})"


def show(title, rows):
    print(f"\n{title}\n\n| recipe | f32 | s8 | seconds an epoch |\n|---|---|---|---|")
    for name, runs in rows:
        print(f"| {name} | {spread([run.get('f32') for run in runs])} | {spread([run.get('s8') for run in runs])} "
              f"| {spread([run.get('seconds') for run in runs])} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--picovae", "--folder", "--data", "--threads"):
        parser.add_argument(name)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    bench = Bench(options)
    epochs = 3 if options.quick else 30
    seeds = range(1, 1 + (1 if options.quick else options.seeds))
    # Seed by seed, so that a run that is broken off has all rows of the first.
    chosen = [row for row in CHOICES if not options.quick or row[0] in QUICK]
    runs = {}
    for seed in seeds:
        for name, arguments in chosen:
            runs.setdefault(name, []).append(
                bench.measure(name, ["--epochs", str(epochs), *arguments], seed, HELD_OUT))
    show(f"Negative ELBO of {HELD_OUT:,} held-out training images, {epochs} epochs on the others, nats",
         runs.items())
    if options.quick:
        return
    final = [(name, [bench.measure(name, arguments, seed, 0) for seed in (seeds if every else [1])])
             for name, arguments, every in FINAL]
    show("Negative ELBO of the test set, all training images, nats", final)


if __name__ == "__main__":
    main()
