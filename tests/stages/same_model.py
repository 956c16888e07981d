"""One seed, one model: trains with every ISA of several builds, and on several threads, and compares the files.

   same_model.py --data DIR --folder DIR [--images N] [--batch N] [--epochs N] [--isa ISA]... -- PROGRAM...
       PROGRAM is a picovae program, or in one word an emulator with it: "qemu-aarch64 -cpu max picovae".
       --images: of the training set, the first so many (0: all). Rotations are renewed after 100 steps.
       --isa: these alone, of those that a program has

Prints a table of CRC-32s: of the whole file, and of its weights alone. Fails where one differs. Files of sse2 and scalar,
which nothing takes unasked, differ in what was measured with the weights, by f32 that rounds twice."""
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
ROUNDS_TWICE = ("sse2", "scalar")


def cut(source, target, images):
    """Writes MNIST with fewer images to `target`; returns its folder."""
    target.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", images), ("t10k", 100)):
        for name, head, size in ((f"{split}-images-idx3-ubyte", 16, 784), (f"{split}-labels-idx1-ubyte", 8, 1)):
            raw = source / name
            content = raw.read_bytes() if raw.exists() else gzip.decompress((source / f"{name}.gz").read_bytes())
            (target / name).write_bytes(content[:4] + struct.pack(">I", count) + content[8:head + count * size])
    return target


class Program:
    def __init__(self, words):
        self.command = shlex.split(words)

    def run(self, isa, *arguments):
        environment = {**os.environ, **({"PICOVAE_ISA": isa} if isa else {})}
        return subprocess.run([*self.command, *arguments], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)

    def isas(self):
        """Those of the build that this machine runs, best first."""
        every = re.search(r"PICOVAE_ISA=(\S+)", self.run(None, "--help").stdout)[1].split("|")
        return [isa for isa in reversed(every) if self.run(isa, "--version").returncode == 0]


def weights(content):
    """The tensors of the network, in the order of their names, of a .safetensors with classes and metadata."""
    head = 8 + struct.unpack("<Q", content[:8])[0]
    tensors = {name: tensor["data_offsets"] for name, tensor in json.loads(content[8:head]).items()
               if name.startswith(("encoder.", "decoder."))}
    return b"".join(content[head + first:head + last] for _, (first, last) in sorted(tensors.items()))


def train(program, isa, threads, options, data):
    """The CRC-32 of the model and of its weights."""
    out = options.folder / "model.safetensors"
    result = program.run(isa, "train", "--data", str(data), "--out", str(out), "--checkpoint", "/dev/null",
                         "--epochs", str(options.epochs), "--batch", str(options.batch), "--threads", str(threads))
    if result.returncode != 0:
        sys.exit(f"same_model.py: {shlex.join(program.command)} with {isa}: {result.stdout}")
    content = out.read_bytes()
    return zlib.crc32(content), zlib.crc32(weights(content))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--isa", action="append")
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    data = cut(options.data, options.folder / "data", options.images) if options.images else options.data

    files, networks = set(), set()
    print(f"{'isa':12} {'threads':>7} {'seconds':>7} {'weights':8} {'file':8} program")
    for words in options.programs:
        program = Program(words)
        isas = [isa for isa in program.isas() if not options.isa or isa in options.isa]
        for isa in isas:
            for threads in THREADS if isa == isas[0] else THREADS[:1]:
                start = time.monotonic()
                file, network = train(program, isa, threads, options, data)
                networks.add(network)
                if isa not in ROUNDS_TWICE:
                    files.add(file)
                print(f"{isa:12} {threads:7} {time.monotonic() - start:7.1f} {network:08x} {file:08x} {words}", flush=True)
    if len(networks) != 1 or len(files) > 1:
        print(f"same_model.py: {len(networks)} different networks, {len(files)} different files", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
