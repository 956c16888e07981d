#!/usr/bin/env python3
"""Holds the architecture: every include of the repository against the table below.   includes.py [ROOT]

Prints each include that breaks a rule as file:line and exits 1:
  - it names a file of the repository that does not exist, or of a folder that ARROWS does not allow;
  - headers include each other in a circle;
  - the engine includes a header that arm-none-eabi lacks without a C library, or xsimd in a second place.
ROOT is the repository, by default this one.
"""
import fnmatch
import os
import pathlib
import re
import sys

API = "engine/include"     # what every program includes: "picovae/..."
HOST = "engine/src/host"   # the engine's own, for hosts: SIMD types, and the matrix product of trainer and quantizer
ISA = "engine/src/host/isa"

# The rooms of tools/, each with those that it may know: base -> data, format -> measure -> quantize, train ->
# commands.
ROOMS = {
    "base": [],
    "data": ["base"],
    "view": ["base"],
    "format": ["base"],
    "measure": ["base", "data", "format"],
    "quantize": ["base", "data", "format", "measure"],
    "train": ["base", "data", "format", "measure"],
    "commands": ["base", "data", "view", "format", "measure", "quantize", "train"],
}
TOOLS = [f"tools/{room}" for room in ROOMS]

# Who may include whom: a folder, and those that it knows besides itself. A file belongs to the deepest folder
# of the table above it. Nobody includes from a folder that no one lists.
ARROWS = {
    API: [],
    "engine/src": [API],
    HOST: [API, "engine/src"],
    ISA: [API, "engine/src", HOST],
    "engine/src/board": [API, "engine/src"],
    "ports/common": [API],
    "ports/boards": [API, "ports/common"],
    "ports/linux": [API],
    "ports/signed": [API, "ports/common"],
    "ports/stm32f4": [API],
    # For desktops: the tools' Model knows every kind of file and real units, and scores f32 models.
    "ports/python": [API, "tools/base", "tools/format", "tools/measure", "tools/view"],
    "ports/web": [API],
    "ports/package": [],
    "tools": [API, "tools/base", "tools/commands"],
    **{f"tools/{room}": [API] + [f"tools/{other}" for other in known] for room, known in ROOMS.items()},
    "bench": [API, HOST, ISA, *TOOLS],
    "bench/cmsis_nn": [API, "ports/common"],
    "bench/peers": [API, "bench", *TOOLS],
    "tests/engine": [API, "engine/src", HOST, "tools/base", "tools/format"],
    "tests/tools": [API, "tests/engine", "tools/base", "tools/format"],
    **{f"tests/tools/{room}": [API, "tests/engine", "tests/tools", f"tools/{room}"] +
       [f"tools/{other}" for other in known] for room, known in ROOMS.items()},
    "tests/ports": [API, "engine/src", "engine/src/board", "tests/engine", "ports/common", "ports/boards",
                    "ports/stm32f4"],
    "tests/fuzz": [API, "engine/src", "engine/src/board", "tests/engine", "tests/tools/data", "tests/tools/train", *TOOLS],
    "tests/package": [API],
    "tests/onnx": [API, *TOOLS],
    # With sources, for what is in them alone.
    "tests/proofs": [API, "engine/src", "engine/src/board", "tests/engine", "tools/base", "tools/format"],
}
ARROWS["tools/base"] += [HOST, ISA]  # vector_ops
for room in ["tools/quantize", "tools/train", "tests/tools/train"]:
    ARROWS[room] += [HOST]  # product.hpp
ARROWS["tools/format"] += ["engine/src"]        # requantize.hpp and half.hpp: a blob as it runs
ARROWS["tests/tools/format"] += ["engine/src"]  # half.hpp

# Where quoted names are looked up, after the folder of the file itself.
ROOTS = ["", "engine/include", "engine/src", "ports/common", "ports/boards", "bench"]

# Headers that a build makes, and who may include them.
GENERATED = {"digits.h": ["ports/stm32f4"], "sensor.h": ["ports/stm32f4"],
             "public_key.h": ["ports/signed"],  # of sign.sh
             "picovae.h": ["ports/package"], "picovae_config.h": [API],  # of ports/package.py
             "picovae_isas.hpp": [HOST, "tools/base", "bench"], "picovae_peers.hpp": ["bench/peers"]}

# The standard headers that arm-none-eabi-g++ -ffreestanding compiles without newlib.
FREESTANDING = set("""array bit climits compare concepts cstddef cstdint initializer_list limits span tuple
    type_traits utility version""".split())

# What engine/ includes besides: (file, header), both globs.
ENGINE_EXCEPTIONS = [
    ("engine/include/picovae/*.h", "std*.h"),
    ("engine/src/host/*", "cstring"),
    ("engine/src/host/*scalar*", "cmath"),
    ("engine/src/host/isa/*", "*intrin.h"),
    ("engine/src/host/isa/*", "arm_neon.h"),
    ("engine/src/host/isa/*", "wasm_simd128.h"),
    ("engine/src/host/dense_s8_rvv.cpp", "riscv_vector.h"),
    ("engine/src/host/dense_s8_sve.cpp", "arm_sve.h"),
    ("engine/src/host/select.cpp", "cpuid.h"),
    ("engine/src/host/select.cpp", "sys/auxv.h"),
    ("engine/src/host/select.cpp", "sys/prctl.h"),
    ("engine/src/host/select.cpp", "sys/sysctl.h"),
    ("engine/src/host/select.cpp", "windows.h"),
    ("engine/src/board/*", "arm_acle.h"),
    ("engine/src/board/*", "arm_mve.h"),
]

FOLDERS = ["engine", "ports", "tools", "bench", "tests"]
SUFFIXES = {".hpp", ".cpp", ".h", ".c", ".S", ".inc"}
DIRECTIVE = re.compile(r"\s*#\s*(?:include|include_next|import)\b\s*(?:([\"<])([^\">]+)[\">])?")


def folder_of(path):
    """The deepest folder of ARROWS that holds `path`; None if there is none."""
    return next((str(p) for p in pathlib.PurePosixPath(path).parents if str(p) in ARROWS), None)


class Includes:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.offences = []
        self.graph = {}  # file -> {file that it includes: line}
        self.xsimd = []

    def check(self):
        for folder in FOLDERS:
            files = sorted(p for p in (self.root / folder).rglob("*") if p.suffix in SUFFIXES and p.is_file())
            if not files:
                sys.exit(f"includes: no sources in {self.root / folder}; is it the repository?")
            for path in files:
                self.check_file(path.relative_to(self.root).as_posix())
        if len(self.xsimd) != 1 or not self.xsimd[0].endswith(".hpp"):
            self.refuse("engine", 0, "<xsimd/...>", f"expected in one header, found in {self.xsimd}")
        self.check_circles()
        return self.offences

    def refuse(self, file, line, name, reason):
        self.offences.append(f"{file}:{line}: #include {name}: {reason}")

    def check_file(self, file):
        self.graph[file] = {}
        text = (self.root / file).read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            match = DIRECTIVE.match(line)
            if not match:
                continue
            bracket, name = match.groups()
            if name is None:
                self.refuse(file, number, line.split(None, 1)[-1].strip(), "name the header itself")
            elif bracket == '"' or name.startswith("picovae/"):
                self.check_own(file, number, name)
            elif file.startswith("engine/"):
                self.check_engine_system(file, number, name)

    def check_own(self, file, line, name):
        here, own = os.path.dirname(file), folder_of(file)
        if own in GENERATED.get(name, []):
            return
        target = next((found for found in (os.path.join(root, name) for root in [here, *ROOTS])
                       if (self.root / found).is_file()), None)
        other = folder_of(target) if target else None
        if target:
            self.graph[file][target] = line
        if ".." in pathlib.PurePosixPath(name).parts:
            self.refuse(file, line, name, "write the path from a root")
        elif target is None:
            self.refuse(file, line, name, "there is no such header")
        elif own is None:
            self.refuse(file, line, name, f"{here} is missing in ARROWS")
        elif other != own and other not in ARROWS[own]:
            self.refuse(file, line, name, f"{own} must not know {other or os.path.dirname(target)}")

    def check_engine_system(self, file, line, name):
        if name.startswith("xsimd"):
            self.xsimd.append(file)
        elif name not in FREESTANDING and not any(
                fnmatch.fnmatch(file, f) and fnmatch.fnmatch(name, n) for f, n in ENGINE_EXCEPTIONS):
            self.refuse(file, line, name, "not for engine/, which runs on bare arm-none-eabi")

    def check_circles(self):
        done = set()

        def visit(file, way):
            if file in way:
                circle = way[way.index(file):] + [file]
                self.refuse(way[-1], self.graph[way[-1]][file], file, "a circle: " + " -> ".join(circle))
            elif file not in done:
                for target in self.graph.get(file, {}):
                    visit(target, way + [file])
                done.add(file)

        for file in self.graph:
            visit(file, [])


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]
    offences = Includes(root).check()
    print("\n".join(offences), end="\n" if offences else "")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
