"""What one trained model becomes, by every ISA, build and number of threads: the same bytes and figures.

   one_model.py --model M.safetensors --data DIR --folder DIR NAME=PICOVAE...
       quantizes, fits classes, measures and scores by each of the programs and each ISA that it and this machine
       have. PICOVAE may start with an emulator: "aarch64=qemu-aarch64 -cpu max build/picovae". Prints CRC-32s of what
       comes out, a row each, and fails if a column has two. A few images stand for the data set."""
import argparse
import gzip
import json
import os
import pathlib
import shlex
import struct
import subprocess
import sys
import time
import zlib

TRAIN, TEST = 600, 100  # images
# SSE2 alone has no fused multiply-add: its f32 differs, which README says.
WITHOUT_FMA = ("sse2",)


def first_images(source, target):
    target.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", TRAIN), ("t10k", TEST)):
        for name, head, size in ((f"{split}-images-idx3-ubyte", 16, 784), (f"{split}-labels-idx1-ubyte", 8, 1)):
            raw = source / name
            content = raw.read_bytes() if raw.exists() else gzip.open(source / f"{name}.gz").read()
            (target / name).write_bytes(content[:4] + struct.pack(">I", count) + content[8:head + count * size])


class Program:
    def __init__(self, command, data):
        self.command, self.data = shlex.split(command), data

    def run(self, *arguments, isa=None):
        environment = {**os.environ, **({"PICOVAE_ISA": isa} if isa else {})}
        return subprocess.run([*self.command, *map(str, arguments)], env=environment, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def isas(self):
        runs = [row["isa"] for row in json.loads(self.run("self-test", "engine/models/mnist_s8.pvae", "--every-isa",
                                                          "--json")) if row["ran"]]
        return [isa for isa in runs if isa not in WITHOUT_FMA]

    def results(self, model, folder, isa, threads):
        """Column -> bytes."""
        def ask(*arguments, threaded=True):
            return self.run(*arguments, *(["--data", self.data]), *(["--threads", threads] if threaded else []),
                            isa=isa)

        s8, s4, classes, scores = (folder / name for name in ("s8.pvae", "s4.pvae", "classes.safetensors", "s.csv"))
        said = ask("quantize", model, "--out", s8, "--layers")
        results = {"s8": s8.read_bytes(), "table": said.replace(str(s8), "").encode()}
        ask("quantize", model, "--out", s4, "--decoder-bits", 4)
        results["s4"] = s4.read_bytes()
        ask("classes", model, "--out", classes)
        results["classes"] = classes.read_bytes()
        for name, measured in (("f32", model), ("s8", s8)):
            results[f"eval {name}"] = ask("eval", measured, "--json").encode()
            results[f"nll {name}"] = ask("nll", measured, "--samples", 100, "--count", 20, "--json").encode()
            ask("score", measured, "--csv", scores)
            results[f"score {name}"] = scores.read_bytes()
        return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with MNIST")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for what is written")
    parser.add_argument("programs", nargs="+", metavar="NAME=PICOVAE")
    options = parser.parse_args()
    data = options.folder / "data"
    first_images(options.data, data)

    seen = {}
    for name, command in (text.split("=", 1) for text in options.programs):
        program = Program(command, data)
        for number, isa in enumerate(program.isas()):
            threads = number % 3 + 1
            start = time.monotonic()
            crcs = {column: f"{zlib.crc32(content):08x}"
                    for column, content in program.results(options.model, options.folder, isa, threads).items()}
            if not seen:
                print(f"{'program':14} {'isa':11} threads " + " ".join(f"{column:9}" for column in crcs) + " seconds")
            print(f"{name:14} {isa:11} {threads:7} " + " ".join(f"{crc:9}" for crc in crcs.values())
                  + f" {time.monotonic() - start:7.1f}", flush=True)
            for column, crc in crcs.items():
                seen.setdefault(column, set()).add(crc)
    differs = [column for column, crcs in seen.items() if len(crcs) > 1]
    if differs:
        sys.exit(f"one_model.py: differs: {', '.join(differs)}")


if __name__ == "__main__":
    main()
