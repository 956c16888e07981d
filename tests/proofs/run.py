"""Proofs of the integer path, by running every input or by z3. tests/PROOFS.md has what is proven.

   tests/proofs/run.py --quick         those that take less than 10 s of a core
   tests/proofs/run.py                 all of them
   tests/proofs/run.py --faults        breaks the engine's source for each, in a copy: every proof must fail
   tests/proofs/run.py posterior       one, by its name
"""
import argparse
import dataclasses
import os
import pathlib
import resource
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SANITIZE = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
REQUANTIZE, RANGES, LATENT, RANDOM = ("engine/src/requantize.hpp", "engine/include/picovae/ranges.hpp",
                                      "engine/include/picovae/latent.hpp", "engine/include/picovae/random.hpp")
LAYOUT, S4, BLOB = "engine/include/picovae/layout.hpp", "engine/include/picovae/s4.hpp", "engine/src/blob.cpp"


@dataclasses.dataclass
class Proof:
    name: str      # of a program NAME.cpp, or of a claim of by_z3.py
    is_quick: bool
    file: str      # where the fault is, and what it is
    good: str
    bad: str
    options: tuple = SANITIZE
    libraries: tuple = ()


PROGRAMS = (
    Proof("products", True, REQUANTIZE, "(a * b + (1 << 14)) >> 15", "(a * b + (1 << 14) - 1) >> 15"),
    Proof("latents", True, LATENT, "kHalfLog2e = 47274", "kHalfLog2e = 47474"),
    Proof("activations", False, REQUANTIZE, "227, 7934}", "227, 7954}"),
    Proof("normals", False, RANDOM, "{4428, 4402,", "{4429, 4402,"),
    Proof("scores", False, "engine/src/score.cpp", "kLog2e = 94'549", "kLog2e = 94'559"),
    # The library is as it is; what it is compared with is not.
    Proof("epilogues", False, REQUANTIZE, "(tail(a, kSoftplusTail) + 8) >> 4", "(tail(a, kSoftplusTail) + 9) >> 4",
          (), ("engine/libpicovae.a",)),
    Proof("class_numbers", False, "tools/format/class_gaussians.cpp", "std::rint(std::ldexp(largest, shift)) > 127",
          "std::rint(std::ldexp(largest, shift)) > 128", (*SANITIZE, "-DFMT_HEADER_ONLY=1"),
          ("tools/libpicovae_tools.a", "engine/libpicovae.a")),
)
CLAIMS = (
    Proof("requantize", True, REQUANTIZE, "sum >> pre_shift) * multiplier", "sum / (1 << pre_shift)) * multiplier"),
    Proof("lesser_and_greater", True, RANGES, "return a - ((a - b) & (a - b) >> 31)",
          "return a - ((a - b) & (a - b) >> 30)"),
    Proof("hidden_units", True, REQUANTIZE, "lesser(multiply_q15(value, rescale), greatest)",
          "lesser(multiply_q15(value, rescale), greatest + 1)"),
    Proof("posterior", True, LATENT, "* eps + (1 << 9)) >> 10", "* eps + (1 << 10)) >> 10"),
    Proof("sums", True, RANGES, "highest <= limits.highest", "highest <= limits.highest + 1"),
    Proof("groups", False, RANGES, "kMost / greatest - 2 * kOffset", "kMost / greatest - 2 * kOffset + 1"),
    Proof("shifted_bias", True, RANGES, "weights * kInputShift) * multiplier",
          "weights * kInputShift - 1) * multiplier"),
    Proof("places", True, BLOB, "section.size > header.total_size - section.offset",
          "section.offset + section.size > header.total_size"),
    Proof("weight_places", True, LAYOUT, "left < kPanel ? left : kPanel", "left < 8 ? left : kPanel"),
    Proof("pivots", False, "", "", ""),  # its fault is in by_z3.py
)


def faulty(proof, folder):
    """Folders of the one file that has the fault, to be looked in first."""
    if not proof.file:
        return ["--fault"]
    copy, text = folder / "fault", (ROOT / proof.file).read_text()
    if text.count(proof.good) != 1:
        sys.exit(f"run.py: {proof.file} has {text.count(proof.good)} times what the fault of {proof.name} replaces")
    shutil.rmtree(copy, ignore_errors=True)
    path = copy / proof.file
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(proof.good, proof.bad))
    return [copy / "engine/include", copy / "engine/src", copy]


def includes(first):
    return [f"-I{path}" for path in (*first, ROOT / "engine/include", ROOT / "engine/src", ROOT)]


def run_program(proof, options, folder, first):
    program = folder / proof.name
    libraries = [options.build / name for name in proof.libraries]
    subprocess.run([options.compiler, "-std=c++20", "-O2", "-pthread", "-Wall", "-Wextra", *proof.options,
                    "-ffunction-sections", "-Wl,--gc-sections", *includes(first), HERE / f"{proof.name}.cpp", "-o",
                    program, *libraries], check=True)
    return [program, "--threads", str(options.threads)]


def run_claim(proof, options, folder, first):
    fault, first = (first, []) if first == ["--fault"] else ([], first)
    sys.path.insert(0, str(HERE))
    import llvm_z3
    # Headers of a desktop of 32 bits: what they want of the C library alone is a file that may be empty.
    (folder / "gnu").mkdir(exist_ok=True)
    (folder / "gnu/stubs-32.h").touch()
    triple = subprocess.run(["g++", "-dumpmachine"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    version = subprocess.run(["g++", "-dumpversion"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    headers = folder, f"/usr/include/{triple}/c++/{version}", f"/usr/include/{triple}"
    words = {64: (), 32: ("-m32", *(f"-isystem{path}" for path in headers))}
    for bits, flags in words.items():
        (folder / f"{bits}.ll").write_text(llvm_z3.compile_llvm(HERE / "entries.cpp", [*includes(first), *flags]))
    return ["/usr/bin/python3", HERE / "by_z3.py", folder / "64.ll", folder / "32.ll", proof.name, *fault]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="PROOF")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--without-z3", action="store_true", help="only what needs neither z3 nor clang")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev", help="of CMake, for its libraries")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/proofs", help="for what is compiled")
    parser.add_argument("--compiler", default="g++", help="of programs")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    unknown = set(options.names) - {proof.name for proof in PROGRAMS + CLAIMS}
    if unknown:
        parser.error(f"no proof is called {', '.join(sorted(unknown))}")
    failed = 0
    for proof in PROGRAMS + (() if options.without_z3 else CLAIMS):
        if (options.names and proof.name not in options.names) or (options.quick and not proof.is_quick):
            continue
        folder = options.folder.resolve() / proof.name
        folder.mkdir(parents=True, exist_ok=True)
        make = run_program if proof in PROGRAMS else run_claim
        command = make(proof, options, folder, faulty(proof, folder) if options.faults else [])
        start = cpu_seconds()
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = result.stdout.strip().splitlines() or ["nothing said"]
        # A fault is found if the proof says so, or the sanitizer does; not if it breaks down.
        found = result.returncode == 1 and ("false" in said[-1] or "runtime error" in result.stdout)
        good = found if options.faults else result.returncode == 0
        failed += not good
        print(f"{'ok' if good else 'FAILED'}  {cpu_seconds() - start:6.1f} s of a core  {proof.name}: {said[-1]}",
              flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
