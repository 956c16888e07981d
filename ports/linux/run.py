#!/usr/bin/env python3
"""Builds the engine, its tests and picovae for Linux on Arm and RISC-V and runs them on emulated processors. Ends with 0 only if on
each of them the engine selects the right kernels, all tests pass, a model has the signatures of its header with every
ISA, and picovae draws what the host's draws.

  aarch64         runs as a Cortex-A72 (NEON), a Cortex-A76 (SDOT), and with all extensions: i8mm without vectors of SVE
                  and with those of 128 bits, SVE with those of 256 and 512; picovae as well, with PNG, and the
                  benchmarks are built, if libraries.sh can fetch their libraries for arm64
  aarch64-clang   the same without picovae, compiled with Clang; if it is named, for its kernels' tests take minutes
  armv7           runs as a Cortex-A15 (NEON)
  riscv64         runs as RV64GC, which has no vectors: plain C++; its tests, which take minutes, if it is named
  riscv64-clang   runs with vectors of 512, 256 and 128 bits (RVV), compiled with Clang 19: Debian's GCC does not know them
  i686, ppc64le   sign a model in plain C++ if they are named; their tests are not built"""
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.picovae import DEFAULT as DEFAULT_PICOVAE  # noqa: E402
from harness.script import (JOBS, ROOT, Failure, Misuse, Parser, need, progress, readable, run_script,  # noqa: E402
                            runnable, writable)

NAME = "ports/linux/run.sh"
SIGNATURES = ("signature", "signature_reconstruct", "signature_scores")
# Key of the JSON -> heading of the table.
HEADINGS = {"target": "target", "compiler": "compiler", "processor": "processor", "isa": "isa", "tests": "tests",
            "signature": "signature", "signature_reconstruct": "reconstr.", "signature_scores": "scores",
            "picovae": "picovae", "ok": "ok"}
LINE = "{:8} {:9} {:21} {:6} {:6} {:10} {:10} {:10} {:8} {}"


@dataclasses.dataclass(frozen=True)
class Target:
    architecture: str
    compiler: str      # the name of its C compiler
    prefix: str        # of the cross toolchain's programs, and its folder in /usr
    emulator: str
    processors: tuple  # what QEMU_CPU calls them, the ISA that the engine must select, and another that signs, if any
    default: bool = True    # whether it need not be named
    tested: str = "always"  # or "named": if it is; "never": it signs a model


AARCH64 = Target("aarch64", "gcc", "aarch64-linux-gnu", "qemu-aarch64",
                 (("cortex-a72", "neon"), ("cortex-a76", "sdot"), ("max,sve=off", "i8mm"), ("max,sve128=on", "i8mm", "sve"),
                  ("max,sve256=on", "sve"), ("max,sve512=on", "sve")))
TARGETS = {
    "aarch64": AARCH64,
    "aarch64-clang": dataclasses.replace(AARCH64, compiler="clang", default=False),
    "armv7": Target("armv7", "gcc", "arm-linux-gnueabihf", "qemu-arm", (("cortex-a15", "neon"),)),
    "riscv64": Target("riscv64", "gcc", "riscv64-linux-gnu", "qemu-riscv64", (("rv64", "scalar"),), tested="named"),
    "riscv64-clang": Target("riscv64", "clang-19", "riscv64-linux-gnu", "qemu-riscv64",
                            tuple((f"rv64,v=true,vlen={bits}", "rvv") for bits in (512, 256, 128))),
    "i686": Target("i686", "gcc", "i686-linux-gnu", "qemu-i386", (("max", "scalar"),), default=False,
                   tested="never"),
    "ppc64le": Target("ppc64le", "gcc", "powerpc64le-linux-gnu", "qemu-ppc64le", (("power9", "scalar"),), default=False,
                      tested="never"),
}


def selection(target, processor):
    """What ctest runs. The last processor runs every ISA, so the others need only choose theirs, and run SVE with each
    length of its vectors; a second compiler can differ only in the kernels. Signatures in plain C++ take minutes, and
    picovae_signatures has them."""
    if processor != target.processors[-1][0]:
        return ["-R", "^engine_(select|kernels)$" if re.search(r"sve\d", processor) else "^engine_select$"]
    if target.processors == ((processor, "scalar"),):
        return ["-E", "^engine_signature$"]
    return ["-L", "isa"] if target.compiler != "gcc" else []


def succeeds(*command, **keywords):
    return subprocess.run(command, **keywords).returncode == 0


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/linux/run.sh aarch64 --model build/demo/model.pvae")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all that need not be named")
    parser.add_argument("--model", type=readable, metavar="FILE",
                        help="an s8 .pvae in the host layout; without one neither signatures nor pictures")
    parser.add_argument("--picovae", type=runnable, metavar="FILE",
                        help="the host's program, to draw the same picture; default build/picovae")
    parser.add_argument("--json", type=writable, metavar="FILE", help="the table as JSON")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/linux", metavar="DIR",
                        help="default build/linux; DIR/aarch64/picovae/picovae runs on any 64-bit Arm Linux")
    options = parser.parse_intermixed_args(arguments)
    for name in options.targets:
        if name not in TARGETS:
            raise Misuse(f"no target {name}; there are {' '.join(TARGETS)}")
    options.tested = {name for name, target in TARGETS.items()
                      if target.tested == "always" or target.tested == "named" and name in options.targets}
    options.targets = options.targets or [name for name, target in TARGETS.items() if target.default]
    if not options.model and any(TARGETS[name].tested == "never" for name in options.targets):
        raise Misuse("i686 and ppc64le sign a model: name one with --model")
    options.build = options.build.resolve()
    options.build.mkdir(parents=True, exist_ok=True)
    if not options.picovae and os.access(DEFAULT_PICOVAE, os.X_OK):
        options.picovae = DEFAULT_PICOVAE
    return options


def build(name, target, libraries, folder, tested):
    """Builds a target, with its tests if it is tested. libraries: what libraries.sh unpacked; None: without picovae; "": picovae without PNG."""
    need("build linux", "cmake", f"{target.prefix}-g++", target.emulator)
    if target.compiler != "gcc":
        need("linux clang", target.compiler, target.compiler.replace("clang", "clang++"))
    tools = "-DPICOVAE_BUILD_TOOLS=OFF" if libraries is None else f"-DPICOVAE_LIBRARIES={libraries}"
    progress(f"building {name} in {folder}")
    if not succeeds("cmake", "-S", HERE, "-B", folder, "--toolchain", HERE / f"toolchain-{name}.cmake",
                    "-DPICOVAE_WERROR=ON", "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG", tools,
                    f"-DPICOVAE_BUILD_TESTS={'ON' if tested else 'OFF'}", stdout=subprocess.DEVNULL):
        raise Failure(f"cannot configure {name}")
    if not succeeds("cmake", "--build", folder, "-j", str(JOBS)):
        raise Failure(f"cannot build {name}")


def draw(program, model, file, environment=None):
    """What a picovae program draws into a .png or, as text, into a .txt: four digits. None if it fails."""
    command = [*program, "generate", model, "--count", "4"]
    if file.suffix == ".png":
        drawn = succeeds(*command, "--out", file, stdout=subprocess.DEVNULL, env=environment)
    else:
        with file.open("w") as text:
            drawn = succeeds(*command, "--ascii", stdout=text, env=environment)
    return file.read_bytes() if drawn else None


@dataclasses.dataclass(frozen=True)
class Host:
    """What the pictures of the target's picovae are compared with."""
    suffix: str       # of files with pictures
    picture: bytes    # None: nothing to compare with


def draw_on_host(options, suffix):
    if not options.model or not options.picovae:
        return Host(suffix, None)
    picture = draw([options.picovae], options.model, options.build / f"host{suffix}")
    if picture is None:
        raise Failure(f"{options.picovae} cannot draw from {options.model}; build it again, or name another with "
                      "--picovae")
    return Host(suffix, picture)


def check_picovae(program, isa, model, host, file, environment):
    """Whether picovae names the ISA, signs the model and draws the host's picture."""
    version = subprocess.run([*program, "--version"], env=environment, stdout=subprocess.PIPE, text=True).stdout
    print(version, end="", flush=True)
    if f"ISA {isa})" not in version:
        return False
    if not model:
        return True
    if not succeeds(*program, "self-test", model, env=environment):
        return False
    picture = draw(program, model, file, environment)
    return picture is not None and host.picture in (None, picture)


testing = threading.Lock()  # a folder is for one ctest at a time


def tests_pass(target, folder, processor, environment):
    """Prints what ctest says once it is done: another processor may print beside it."""
    with testing:
        result = subprocess.run(["ctest", "--test-dir", folder, "--no-tests=error", "--output-on-failure", "-j",
                                 str(JOBS), *selection(target, processor)], env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
    print(result.stdout, end="", flush=True)
    return result.returncode == 0


def parse_signatures(text, isa):
    """Name -> signature, of an ISA in what picovae_signatures prints. That program compares them with the model."""
    for words in map(str.split, text.splitlines()):
        if words and words[0] == isa:
            return {key: value for key, value in zip(words, words[1:]) if key in SIGNATURES}
    return {}


def run_as(target, folder, processor, selected, isa, model, host, tested):
    """Runs what was built for a target on one processor, and signs with `isa`. Returns its row of the table."""
    progress(f"{target.architecture} ({target.compiler}) as {processor}")
    environment = {**os.environ, "QEMU_CPU": processor}
    emulate = [target.emulator, "-L", f"/usr/{target.prefix}"]
    row = {"target": target.architecture, "compiler": target.compiler, "processor": processor, "isa": isa}
    ok = True
    if tested:
        row["tests"] = ok = tests_pass(target, folder, processor, environment)
    if model:
        only = [isa] if processor != target.processors[-1][0] else []  # the last one signs with every ISA
        signing = subprocess.run([*emulate, folder / "picovae_signatures", model, selected, *only], env=environment,
                                 stdout=subprocess.PIPE, text=True)
        print(signing.stdout, end="", flush=True)
        row.update(parse_signatures(signing.stdout, isa))
        ok = ok and signing.returncode == 0
    if host:
        row["picovae"] = check_picovae([*emulate, folder / "picovae/picovae"], selected, model, host,
                                       folder / f"{processor}{host.suffix}", environment)
        ok = ok and row["picovae"]
    row["ok"] = ok
    return row


def table_line(row):
    cells = [row.get(key, "-") for key in HEADINGS]
    return LINE.format(*(str(cell).lower() if isinstance(cell, bool) else cell for cell in cells))


def main(arguments):
    options = parse(arguments)
    rows, notes = [], []
    for name in options.targets:
        target, folder = TARGETS[name], options.build / name
        libraries = host = None
        if name == "aarch64":  # the target with picovae
            libraries, suffix = options.build / "libraries", ".png"
            if not succeeds(HERE / "libraries.sh", libraries):
                libraries, suffix = "", ".txt"
                notes.append("picovae was built without PNG (see above), its pictures compared as text; no benchmarks")
            host = draw_on_host(options, suffix)
            if options.model and host.picture is None:
                notes.append("pictures were not compared with the host's: no build/picovae; name one with --picovae")
        tested = name in options.tested
        build(name, target, libraries, folder, tested)
        # Signatures and pictures take one core each. The longest, which has all ISAs and tests, starts first.
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            running = [pool.submit(run_as, target, folder, processor, selected, *(isa or [selected]), options.model, host,
                                   tested) for processor, selected, *isa in reversed(target.processors)]
            rows += [row.result() for row in reversed(running)]

    print("", LINE.format(*HEADINGS.values()), *map(table_line, rows), *notes, sep="\n")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    run_script(NAME, main)
