#!/usr/bin/env python3
"""One seed, one model: trains, quantizes, measures and scores with every ISA of several builds and on several threads,
and compares what comes out, byte for byte.

   one_model.py --data DIR --folder DIR [--train N] [--isa ISA]... NAME=PICOVAE...
       PICOVAE may start with an emulator: "aarch64=qemu-aarch64 -cpu max build/picovae". Plain C++ and some
       numbers of threads are left out then, which would take most of an hour.
       --data: a folder with MNIST, of which the first few images are taken
       --train: so many to train on (2000). Of minibatches of 16; rotations are renewed after 100 of them.
       --isa: these alone, of those that a program and this machine have

Prints CRC-32s, a row for each ISA and number of threads, and fails if a column has two. Plain SSE2, which no command
takes unasked, has the others' weights; its f32 layers round twice, so what they measure differs and is not compared."""
import argparse
import gzip
import json
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import time
import zlib

THREADS = (1, 2, 3, 8)
EMULATED_THREADS = (1, 3)
MEASURED = 600  # images for calibration and classes, that is, of a smaller training set
TEST = 100
ROUNDS_TWICE = "sse2"


def cut(source, target, train):
    """Writes MNIST with fewer images to `target`; returns its folder."""
    target.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", train), ("t10k", TEST)):
        for name, head, size in ((f"{split}-images-idx3-ubyte", 16, 784), (f"{split}-labels-idx1-ubyte", 8, 1)):
            raw = source / name
            content = raw.read_bytes() if raw.exists() else gzip.decompress((source / f"{name}.gz").read_bytes())
            (target / name).write_bytes(content[:4] + struct.pack(">I", count) + content[8:head + count * size])
    return target


def weights(content):
    """The tensors of the network, in the order of their names, of a .safetensors with classes and metadata."""
    head = 8 + struct.unpack("<Q", content[:8])[0]
    tensors = {name: tensor["data_offsets"] for name, tensor in json.loads(content[8:head]).items()
               if name.startswith(("encoder.", "decoder."))}
    return b"".join(content[head + first:head + last] for _, (first, last) in sorted(tensors.items()))


class Program:
    def __init__(self, words, folder):
        self.command, self.folder = shlex.split(words), folder
        self.is_emulated = len(self.command) > 1

    def run(self, isa, *arguments):
        environment = {**os.environ, **({"PICOVAE_ISA": isa} if isa else {})}
        return subprocess.run([*self.command, *map(str, arguments)], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)

    def isas(self):
        """Those of the build that this machine runs, best first."""
        every = re.search(r"PICOVAE_ISA=(\S+)", self.run(None, "--help").stdout)[1].split("|")
        return [isa for isa in reversed(every) if not (self.is_emulated and isa == "scalar")
                and self.run(isa, "--version").returncode == 0]

    def results(self, isa, threads, to_train, to_measure):
        """Column -> bytes."""
        def ask(command, *arguments, data=to_measure):
            result = self.run(isa, command, *arguments, "--data", data, "--threads", threads)
            if result.returncode != 0:
                sys.exit(f"one_model.py: {shlex.join(self.command)} {command} with {isa}: {result.stdout}")
            return result.stdout.encode()

        model, s8, s4, classes, scores = (self.folder / name for name in (
            "model.safetensors", "s8.pvae", "s4.pvae", "classes.safetensors", "scores.csv"))
        ask("train", "--out", model, "--checkpoint", "/dev/null", "--epochs", 1, "--batch", 16, data=to_train)
        results = {"weights": weights(model.read_bytes()), "file": model.read_bytes()}
        results["table"] = ask("quantize", model, "--out", s8, "--layers")
        results["s8"] = s8.read_bytes()
        ask("quantize", model, "--out", s4, "--decoder-bits", 4)
        results["s4"] = s4.read_bytes()
        ask("classes", model, "--out", classes)
        results["classes"] = classes.read_bytes()
        for name, measured in (("f32", model), ("s8", s8)):
            results[f"eval {name}"] = ask("eval", measured, "--json")
            results[f"nll {name}"] = ask("nll", measured, "--samples", 100, "--count", 20, "--json")
            ask("score", measured, "--csv", scores)
            results[f"score {name}"] = scores.read_bytes()
        return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--train", type=int, default=2000)
    parser.add_argument("--isa", action="append")
    parser.add_argument("programs", nargs="+", metavar="NAME=PICOVAE")
    options = parser.parse_args()
    to_train = cut(options.data, options.folder / "train", options.train)
    to_measure = cut(options.data, options.folder / "measure", MEASURED)

    seen = {}
    for name, words in (text.split("=", 1) for text in options.programs):
        program = Program(words, options.folder)
        isas = [isa for isa in program.isas() if not options.isa or isa in options.isa]
        for isa in isas:
            many = EMULATED_THREADS if program.is_emulated else THREADS
            for threads in many if isa == isas[0] else many[:1]:
                start = time.monotonic()
                crcs = {column: f"{zlib.crc32(content):08x}"
                        for column, content in program.results(isa, threads, to_train, to_measure).items()}
                if not seen:
                    print(f"{'program':14} {'isa':11} threads seconds " + " ".join(f"{column:9}" for column in crcs))
                print(f"{name:14} {isa:11} {threads:7} {time.monotonic() - start:7.1f} "
                      + " ".join(f"{crc:9}" for crc in crcs.values()), flush=True)
                for column, crc in crcs.items():
                    if isa != ROUNDS_TWICE or column == "weights":
                        seen.setdefault(column, set()).add(crc)
    differs = [column for column, crcs in seen.items() if len(crcs) > 1]
    if differs or not seen:
        sys.exit(f"one_model.py: differs: {', '.join(differs) or 'nothing was run'}")


if __name__ == "__main__":
    main()
