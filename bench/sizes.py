#!/usr/bin/env python3
"""What a smaller model costs: bytes of flash against nats of the test set, shape by shape.

   bench/sizes.py [--quick] [--json FILE] [--picture FILE.png] [OPTION...]

Trains each shape of `picovae train --fit` with several seeds, makes it integers with and without dead pixels, packs it
for Cortex-M, both halves and the decoder alone, and prints a table for tools/train/RECIPE.md. A training's figures go
to results.jsonl of the folder when it is done, and are not made again: the run may be broken off at any time, and
--measured shows how far it came. Remove that file after a change of the trainer or of quantize. Half an hour on one
core, with three seeds.

   bench/sizes.py --picovae build/dev/picovae --picture tools/train/sizes.png
   bench/sizes.py --quick --json -                  # three epochs, one seed, two shapes
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from trainings import Trainings

# Those of kSteps in tools/train/fit.cpp.
SHAPES = ["784-24-64-10", "784-48-64-14", "784-64-104-16", "784-96-152-20", "784-128-184-24", "784-160-200-24",
          "784-192-216-28", "784-240-280-32", "784-300-300-50"]
QUICK = SHAPES[:2]
PRUNED = [0, 0.01]  # nats that dead pixels may cost; the second is what quantize takes by default


class Bench:
    def __init__(self, options):
        self.options = options
        self.epochs = 3 if options.quick else 30
        self.done = Trainings(options.folder, self.key)
        self.folder = self.done.folder

    @staticmethod
    def key(row):
        return row["shape"], row["seed"], row["epochs"]

    def picovae(self, command, *arguments):
        done = subprocess.run([self.options.picovae, command, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return done.stdout

    def measure(self, shape, seed):
        """One training, unless its figures are there already."""
        row = {"shape": shape, "seed": seed, "epochs": self.epochs}
        done = self.done.find(row)
        if done or self.options.measured:
            return done
        print(f"{shape}, seed {seed}", file=sys.stderr, flush=True)
        common = ["--threads", self.options.threads]
        if self.options.data:
            common += ["--data", self.options.data]
        model = self.folder / "model.safetensors"
        self.picovae("train", "--shape", shape, "--seed", seed, "--epochs", self.epochs, "--out", model,
                     "--checkpoint", "/dev/null", *common)
        row["models"] = [self.quantize(model, nats, common) for nats in PRUNED]
        self.done.add(row)
        return row

    def quantize(self, model, nats, common):
        """Figures of the integers, with dead pixels that cost at most that many nats."""
        blob, both, decoder = (self.folder / name for name in ("model.pvae", "both.pvae", "decoder.pvae"))
        figures = json.loads(self.picovae("quantize", model, "--out", blob, "--prune", nats, "--json", *common))
        self.picovae("export", blob, "--layout", "cortex-m", "--out", both)
        self.picovae("export", blob, "--layout", "cortex-m", "--decoder-only", "--out", decoder)
        info = json.loads(self.picovae("info", both, "--json"))
        return {"prune": nats, "f32": figures["f32"]["neg_elbo"], "s8": figures["quantized"]["neg_elbo"],
                "both": both.stat().st_size, "decoder": decoder.stat().st_size, "ram": info["ram"],
                "dead_inputs": info["dead_inputs"], "dead_outputs": info["dead_outputs"]}


def summary(shape, nats, runs):
    """Of all seeds of a shape: medians, the most bytes, and the range of the nats."""
    models = [model for run in runs for model in run["models"] if model["prune"] == nats]
    s8 = [model["s8"] for model in models]
    return {"shape": shape, "prune": nats, "seeds": len(models), "ram": models[0]["ram"]["full"],
            "both": max(model["both"] for model in models), "decoder": max(model["decoder"] for model in models),
            "f32": statistics.median(model["f32"] for model in models), "s8": statistics.median(s8),
            "s8_least": min(s8), "s8_most": max(s8),
            "dead": [[model["dead_inputs"], model["dead_outputs"]] for model in models]}


def print_table(rows):
    print("| shape | `--prune` | both halves | decoder | RAM | s8 | least to most | seeds |\n"
          "|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {row['shape']} | {row['prune']} | {row['both']:,} | {row['decoder']:,} | {row['ram']:,} "
              f"| {row['s8']:.2f} | {row['s8_least']:.2f} to {row['s8_most']:.2f} | {row['seeds']} |")


def draw(rows, picture):
    """A line for both halves and one for the decoder, each with and without dead pixels."""
    lines = [("both", 0.01, "both halves", "lc rgb '#1f5fa8' pt 7"),
             ("both", 0, "both halves, --prune 0", "lc rgb '#9dbfe3' pt 6"),
             ("decoder", 0.01, "decoder alone", "lc rgb '#b5402a' pt 7"),
             ("decoder", 0, "decoder alone, --prune 0", "lc rgb '#e6ac9f' pt 6")]
    script = ["set terminal pngcairo size 560,340 font 'sans,10'", f"set output {json.dumps(str(picture))}",
              "set logscale x 2", "set xlabel 'model in flash, KiB'", "set ylabel 'test negative ELBO, s8, nats'",
              "set grid lc rgb '#dddddd'", "set xtics (16, 32, 64, 128, 256, 512)",
              "plot " + ", ".join(f"'-' with linespoints ps 0.8 {style} title '{title}'" for *_, title, style in lines)]
    for size, nats, *_ in lines:
        script += [f"{row[size] / 1024:.2f} {row['s8']:.3f}" for row in rows if row["prune"] == nats] + ["e"]
    subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picovae", default="build/dev/picovae", help="the program (default: %(default)s)")
    parser.add_argument("--folder", default="build/sizes", help="for results and models (default: %(default)s)")
    parser.add_argument("--data", help="the folder of MNIST's files (default: that of picovae)")
    parser.add_argument("--threads", type=int, default=1, help="of a training (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="so many (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="three epochs, one seed, two shapes")
    parser.add_argument("--measured", action="store_true", help="train nothing: show what was measured before")
    parser.add_argument("--json", metavar="FILE", help="also writes the figures there; -: in place of the table")
    parser.add_argument("--picture", metavar="FILE.png", help="also draws them, by gnuplot")
    options = parser.parse_args()
    if options.seeds < 1 or options.threads < 1:
        parser.error("--seeds and --threads are at least 1")
    bench = Bench(options)
    shapes = QUICK if options.quick else SHAPES
    runs = {}
    for seed in range(1, 1 + (1 if options.quick else options.seeds)):  # a run that is broken off has whole seeds
        for shape in shapes:
            if run := bench.measure(shape, seed):
                runs.setdefault(shape, []).append(run)
    rows = [summary(shape, nats, runs[shape]) for shape in shapes if shape in runs for nats in PRUNED]
    if options.json:
        text = json.dumps(rows, indent=1) + "\n"
        if options.json == "-":
            sys.stdout.write(text)
        else:
            pathlib.Path(options.json).write_text(text, encoding="utf-8")
    if options.json != "-":
        print_table(rows)
    if options.picture:
        draw(rows, options.picture)


if __name__ == "__main__":
    main()
