#!/usr/bin/env python3
"""What an IDE does to the engine: it compiles every file for the board's core, as C++17, whatever core the file is for.

    tests/ports/compile_everywhere.py

Of each core: all files, without a warning; and the call that takes the kernels of the core names the right ones.
A big-endian core is refused. picovae.h is C99, in all of the C compilers here."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ports"))
from harness.architectures import RISCV  # noqa: E402

ENGINE = ROOT / "engine"
SOURCES = sorted([*ENGINE.glob("src/*.cpp"), *ENGINE.glob("src/board/*.cpp")])
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()
INCLUDES = [f"-I{ENGINE}/include", f"-I{ENGINE}/src"]
CXX = ["-std=c++17", "-ffreestanding", "-fno-exceptions", "-fno-rtti", *WARNINGS, *INCLUDES]
HEADERS = " ".join(RISCV.headers)
# Compiler and flags -> the table of kernels.hpp that board_kernels() takes there.
CORES = {
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m0": "kCortexM0Kernels",
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m0plus": "kCortexM0Kernels",
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m23": "kCortexM0Kernels",
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m3": "kSmallKernels",
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16": "kCortexMDspKernels",
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m33": "kCortexMDspKernels",
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m33+nodsp": "kSmallKernels",
    "arm-none-eabi-g++ -mthumb -mcpu=cortex-m55 -mfloat-abi=hard": "kMveKernels",
    f"riscv64-unknown-elf-g++ -march=rv32imc -mabi=ilp32 {HEADERS}": "kRv32Kernels",
    f"riscv64-unknown-elf-g++ -march=rv32imc_zba_zbb -mabi=ilp32 {HEADERS}": "kRv32Kernels",
    f"riscv64-unknown-elf-g++ -march=rv32i -mabi=ilp32 {HEADERS}": "kSmallKernels",
    "g++ -m64": "kSmallKernels",  # no board: what is portable is so
    "clang++ -m64": "kSmallKernels",
}
C_COMPILERS = "gcc", "clang", "arm-none-eabi-gcc"


def run(*command):
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def compile_file(core, definitions, source):
    result = run(*core.split(), *CXX, *definitions, "-fsyntax-only", source)
    return f"{core} {' '.join(definitions)} {source.name}:\n{result.stdout}" if result.returncode else ""


def kernels_of(core):
    """The table that kernels_board.cpp names, and the only one."""
    with tempfile.NamedTemporaryFile(suffix=".o") as out:
        source = ENGINE / "src/board/kernels_board.cpp"
        result = run(*core.split(), *CXX, "-O2", "-c", source, "-o", out.name)
        if result.returncode:
            return result.stdout
        return " ".join(sorted(set(re.findall(r"U \w*?\d+(k\w+Kernels)E", run("nm", out.name).stdout))))


def main():
    jobs, failures = [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for core in CORES:
            layout = "kMve" if "m55" in core else "kCortexM"
            for more in [], ["-DPICOVAE_S4", "-DPICOVAE_RELU"]:
                definitions = [f"-DPICOVAE_ONLY_LAYOUT={layout}", "-DPICOVAE_SHAPE=784,300,300,50", *more]
                jobs += [pool.submit(compile_file, core, definitions, source) for source in SOURCES]
        failures += [failure for job in jobs if (failure := job.result())]
    for core, wanted in CORES.items():
        if (found := kernels_of(core)) != wanted:
            failures.append(f"{core}: board_kernels() names {found}, not {wanted}")
    for standard in "c++17", "c++20":
        refused = run("arm-none-eabi-g++", "-mthumb", "-mcpu=cortex-m4", "-mbig-endian", *CXX, f"-std={standard}",
                      "-fsyntax-only", ENGINE / "src/blob.cpp")
        if refused.returncode == 0 or "little-endian" not in refused.stdout:
            failures.append(f"a big-endian core is not refused in {standard}:\n{refused.stdout}")
    for compiler in C_COMPILERS:
        for standard in "c99", "c11", "c17":
            result = subprocess.run([compiler, f"-std={standard}", *WARNINGS, "-Wc++-compat", *INCLUDES, "-x", "c",
                                     "-fsyntax-only", "-"], input='#include "picovae/picovae.h"\npicovae_arena arena;\n',
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if result.returncode:
                failures.append(f"{compiler} -std={standard}:\n{result.stdout}")
    print("\n".join(failures) or f"{len(jobs)} files of C++17 for {len(CORES)} cores, picovae.h in C99, C11 and C17")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
