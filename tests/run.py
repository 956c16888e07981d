"""Builds and tests picovae; installs the Debian packages that are missing.

   tests/run.sh                what to run after a change: gcc Release, all unit tests, one short end to end
   tests/run.sh --full         what CI runs: also gcc Debug, clang, benchmarks, boards, Arm, RISC-V, a browser
   tests/run.sh --slow         also libc++, Windows, sanitizers, coverage, fuzzers, proofs, full training, -O0: hours
"""
import argparse
import dataclasses
import functools
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = "engine/models/mnist_s8.pvae"  # that every target must sign alike
BUILD = pathlib.Path("build")
MATRIX = BUILD / "test-matrix"  # signatures, a file a target
JOBS = str(os.cpu_count())
PLAYWRIGHT = "playwright-core@1.65.1"  # drives Chromium
RELEASE, DEBUG, CLANG = (BUILD / f"test-{name}" for name in ("gcc-release", "gcc-debug", "clang-release"))
PICOVAE = str(RELEASE / "picovae")
PYTORCH = BUILD / "test-pytorch"
TRAINED = str(RELEASE / "end_to_end/model.pvae")
TRAINED_F32 = str(RELEASE / "end_to_end/model.safetensors")


def run(*command, env=None):
    """Runs a command from the root; its failure ends the suite."""
    result = subprocess.run([str(part) for part in command], cwd=ROOT, env={**os.environ, **(env or {})})
    if result.returncode != 0:
        sys.exit(f"tests/run.sh: failed with {result.returncode}: {' '.join(map(str, command))}")


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def mnist():
    return output("tools/fetch_mnist.sh").splitlines()[-1]


def configure_and_build(folder, compiler, build_type, *options, targets=()):
    run("cmake", "-S", ".", "-B", folder, f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_BUILD_TYPE={build_type}",
        "-DPICOVAE_WERROR=ON", "--log-level=WARNING", *options)
    run("cmake", "--build", folder, "-j", JOBS, *(("--target", *targets) if targets else ()))


def ctest(folder, *selection):
    run("ctest", "--test-dir", folder, "--output-on-failure", "--no-tests=error", "-j", JOBS, *selection)


def sign(name, target, compiler, *program):
    """Has a picovae program sign the model with every ISA of its build, for the matrix."""
    data = mnist()
    run("/usr/bin/python3", "tests/stages/matrix.py", "collect", "--target", target, "--compiler", compiler, "--model",
        MODEL, "--data", data, "--out", MATRIX / f"{name}.json", "--", *program)


def gcc_name():
    return f"gcc {output('g++', '-dumpfullversion')}"


# ---- stages

def gcc_release(options):
    configure_and_build(RELEASE, "g++", "Release", f"-DPICOVAE_BUILD_BENCH={'ON' if options.full else 'OFF'}",
                        "-DPICOVAE_PYTHON=ON")
    ctest(RELEASE)
    sign("gcc", platform.machine(), gcc_name(), PICOVAE)


def end_to_end(options):
    run("tests/stages/end_to_end.sh", PICOVAE, RELEASE / "end_to_end")


# Debug and Clang build what can differ by compiler and optimizer; scripts and packages ran with gcc Release.
def gcc_debug(options):
    configure_and_build(DEBUG, "g++", "Debug", "-DPICOVAE_BUILD_BENCH=OFF", "-DCMAKE_CXX_FLAGS_DEBUG=-g1 -O1",
                        targets=("unit_tests",))
    ctest(DEBUG, "-L", "unit")


def clang_release(options):
    configure_and_build(CLANG, "clang++", "Release", "-DCMAKE_C_COMPILER=clang", "-DPICOVAE_BUILD_BENCH_PEERS=OFF",
                        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
    ctest(CLANG, "-L", "unit")
    sign("clang", platform.machine(), f"clang {output('clang++', '-dumpversion')}", CLANG / "picovae")


def clang_libcxx(options):
    """The standard library of macOS. What depends on it is in the tools, so optimization would only take time."""
    folder = BUILD / "test-clang-libcxx"
    # Debian's fmt and libonnx are compiled for the other one.
    configure_and_build(folder, "clang++", "Debug", "-DCMAKE_C_COMPILER=clang", "-DPICOVAE_BUILD_BENCH=OFF",
                        "-DPICOVAE_ONNX=OFF", "-DCMAKE_CXX_FLAGS=-stdlib=libc++ -DFMT_HEADER_ONLY=1",
                        "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--as-needed",
                        "-DPICOVAE_KERNEL_OPT=-O1")
    ctest(folder, "-L", "unit")


def onnx(options):
    run("/usr/bin/python3", "tests/onnx/runtime.py", RELEASE, MODEL, TRAINED_F32, mnist(), MATRIX / "onnx.json")


def pytorch(options):
    run("/usr/bin/python3", "tests/stages/pytorch.py", RELEASE, mnist(), PYTORCH)


def static_checks(options):
    run("tests/checks/static_checks.sh", CLANG, *(["--tools"] if options.slow else []))


def ports(folder, *arguments, model=MODEL):
    """Firmware on boards, with one model on all that have room for it; None: with each board's own."""
    run("ports/run.sh", "--picovae", PICOVAE, "--build", BUILD / "test-ports" / folder,
        *(["--model", model] if model else []), *arguments)


@functools.cache
def model_of_shape(shape, bits=8, activation="softplus"):
    """An s8 model, trained for a moment; bits: of the decoder's weights."""
    folder = BUILD / f"test-shapes/{shape}-{activation}-{bits}"
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.parent.mkdir(parents=True)
    rows, columns = {"784": (28, 28), "15": (3, 5)}[shape.split("-")[0]]
    sys.path.insert(0, str(ROOT / "tests/tools/commands"))
    import cli
    cli.write_data(ROOT / data, 600, 60, rows, columns)
    run(PICOVAE, "train", "--data", data, "--out", folder / "model.safetensors", "--shape", shape, "--epochs", "5",
        "--batch", "50", "--activation", activation)
    run(PICOVAE, "quantize", folder / "model.safetensors", "--data", data, "--out", folder / "model.pvae",
        "--decoder-bits", str(bits))
    return folder / "model.pvae"


# Boards with different kernels.
ONE_OF_EACH_CORE = ("mps2-an385-m0", "mps2-an385", "mps2-an386", "mps3-an547", "virt-rv32")


def boards(options):
    run("/usr/bin/python3", "tests/ports/compile_everywhere.py")
    ports("full", "--json", MATRIX / "boards.json")
    ports("decoder", "--decoder-only")
    # A model fresh from training, on a board of each layout: both draw the same digit.
    pictures = BUILD / "test-ports/pictures"
    ports("fresh", "--pictures", pictures, "mps2-an386", "mps3-an547", model=TRAINED)
    run("cmp", pictures / "mps2-an386.pgm", pictures / "mps3-an547.pgm")
    # Digits of its classes, whose CRC is in the model.
    ports("classes", "--program", "tests/ports/classes.cpp", "mps2-an385-m0", "mps2-an386", "mps3-an547",
          model=TRAINED)
    # The model decides the shape of the firmware.
    for shape, boards_of_shape in (("784-128-64-16", ["mps2-an386"]),
                                   ("15-7-5-3", ONE_OF_EACH_CORE), ("15-7-3", ONE_OF_EACH_CORE)):
        ports(f"shape-{shape}", *boards_of_shape, model=model_of_shape(shape))
    # Models of PyTorch.
    ports("pytorch", "--pictures", pictures / "pytorch", "mps2-an386", model=PYTORCH / "model.pvae")
    ports("pytorch-one-hidden", "--pictures", pictures / "pytorch-one-hidden", "mps2-an386", "mps3-an547",
          model=PYTORCH / "one_hidden/model.pvae")
    # A board without room for the model that ships trains one: here for a moment, as the figures do not mind.
    ports("own-model", "--epochs", "1", "microbit", model=None)
    # A model of format version 1, which has no signature of scores.
    ports("version-1", "mps2-an386", model="tests/engine/models/version_1.pvae")
    # Random and extreme inputs through the kernels.
    ports("kernels", "--program", "tests/ports/kernels.cpp")
    # The same with a decoder of 4 bits, which draws and scores what it does on a desktop.
    four_bits = model_of_shape("784-128-64-16", bits=4)
    ports("s4", model=four_bits)
    ports("s4-kernels", "--program", "tests/ports/kernels.cpp", model=four_bits)
    ports("s4-odd", *ONE_OF_EACH_CORE, model=model_of_shape("15-7-5-3", bits=4))
    # ReLU, of 8 bits and of 4. Each engine refuses models of the other activation.
    relu, relu_4 = (model_of_shape("784-128-64-16", bits, "relu") for bits in (8, 4))
    ports("relu", model=relu)
    ports("relu-s4", *ONE_OF_EACH_CORE, model=relu_4)
    ports("relu-kernels", "--program", "tests/ports/kernels.cpp", model=relu)
    for name, model in ("softplus", MODEL), ("relu", relu):
        ports(f"activation-{name}", "--program", "tests/ports/activation.cpp", *ONE_OF_EACH_CORE, model=model)
    # A digit in steps.
    ports("steps", "--program", "tests/ports/steps.cpp", *ONE_OF_EACH_CORE)
    # Digits in an interrupt while others are drawn. Of Cortex-M.
    ports("reentrant", "--program", "tests/ports/reentrant.cpp", "mps2-an385-m0", "mps2-an385", "mps2-an386",
          "mps3-an547")
    # The model and the caller's pixels at every address.
    ports("misaligned", "--program", "tests/ports/misaligned.cpp")
    ports("misaligned-decoder", "--decoder-only", "--program", "tests/ports/misaligned.cpp")
    # Instruction counts do not depend on the image. An M0 draws by a function with branches: there they do.
    ports("constant-time", "--program", "tests/ports/constant_time.cpp", "mps2-an385", "mps2-an386", "mps2-an500",
          "mps2-an505", "mps3-an547", "virt-rv32")
    run("ports/stack.py", "--json", BUILD / "test-ports/stack.json")
    run("ports/stm32f4/run.sh", "--picovae", PICOVAE, "--build", BUILD / "test-ports/stm32f4")
    # The library for Arduino as its builder takes it.
    run("/usr/bin/python3", "tests/ports/arduino.py", PICOVAE, BUILD / "test-ports/arduino")
    # A model that is drawn from only if it is signed.
    run("ports/signed/run.sh", "--picovae", PICOVAE, "--build", BUILD / "test-ports/signed")


def old_processors(options):
    run("tests/stages/old_processors.sh", MODEL, mnist(), BUILD / "test-old-processors", PICOVAE,
        CLANG / "picovae")


def other_linux(options):
    folder, classes = BUILD / "test-linux", BUILD / "test-linux.pvae"
    # With classes, and a signature of their digits.
    run(PICOVAE, "classes", MODEL, "--data", mnist(), "--out", classes)
    run("ports/linux/run.sh", "--model", classes, "--picovae", PICOVAE, "--build", folder, "--json",
        MATRIX / "linux.json")
    run("bench/vector_counts.sh", "--built", folder)
    # The codes of the whole test set as well.
    sign("aarch64", "aarch64", f"gcc {output('aarch64-linux-gnu-g++', '-dumpfullversion')}", "qemu-aarch64", "-cpu",
         "max", folder / "aarch64/picovae/picovae")
    # The benchmarks keep working there, and a decode takes no more instructions than it should. (Without Google
    # Benchmark for arm64 there are none; ports/linux/run.sh has said so.)
    bench = folder / "aarch64/picovae/bench"
    if not (ROOT / bench / "count_decodes").exists():
        return
    for program, filter_ in (("roofline", "."), ("kernels", "decoder.0/f32/batch:1/"),
                             ("forward", "784-300-300-50/decode/f32/batch:1/.*/picovae$")):
        rows = output("qemu-aarch64", "-cpu", "max", "-L", "/usr/aarch64-linux-gnu", str(bench / f"bench_{program}"),
                      "--benchmark_min_time=0.001", f"--benchmark_filter={filter_}").splitlines()
        for isa in ("neon", "sdot", "i8mm"):
            if not any(f"/{isa}" in row and "=" in row for row in rows):
                sys.exit(f"tests/run.sh: bench_{program} has no row for {isa}")
    run("bench/arm_counts.sh", "--built", folder / "aarch64", "--json", bench / "arm_counts.json")


def more_linux(options):
    run("ports/linux/run.sh", "aarch64-clang", "riscv64", "i686", "ppc64le", "--model", MODEL, "--build",
        BUILD / "test-linux", "--json", MATRIX / "more-linux.json")


def web(options):
    """The explorer: its module in node, then the page in a browser."""
    folder = BUILD / "test-web"
    run("ports/web/run.sh", "--build", folder, "--data", mnist(), "--json", MATRIX / "web.json")
    # Models of each kind: what the page shows depends on it.
    models = folder / "models"
    models.mkdir(exist_ok=True)
    small = model_of_shape("15-7-5-3")
    shutil.copy(ROOT / small, ROOT / models / "small.pvae")
    run(PICOVAE, "quantize", small.with_suffix(".safetensors"), "--data", small.parent / "data", "--type", "f16",
        "--out", models / "f16.pvae")
    shutil.copy(ROOT / model_of_shape("784-128-64-16", bits=4), ROOT / models / "s4.pvae")
    run(PICOVAE, "export", MODEL, "--layout", "host", "--decoder-only", "--out", models / "decoder.pvae")
    run(PICOVAE, "export", MODEL, "--layout", "cortex-m", "--out", models / "board.pvae")
    run("node", "tests/ports/web/test_module.mjs", PICOVAE, folder, models, mnist())
    run("npm", "install", "--prefix", folder / "npm", "--no-package-lock", "--no-save", "--no-audit", "--no-fund",
        "--loglevel=error", PLAYWRIGHT)
    run("node", "tests/ports/web/test_page.mjs", folder / "explorer.html", models, folder / "npm", folder / "pictures")


def windows(options):
    folder = BUILD / "test-windows"
    run("cmake", "-S", "ports/windows", "-B", folder, "--toolchain", "toolchain.cmake", "-DPICOVAE_WERROR=ON",
        "--log-level=WARNING")
    run("cmake", "--build", folder, "-j", JOBS)
    # GCC's spills to a stack of less alignment: engine/cmake/isa.cmake.
    kernels = [str(path) for path in (ROOT / folder).glob("engine/CMakeFiles/picovae.dir/generated/*_avx*.obj")]
    aligned = re.findall(r"vmov(?:dqa|ap[sd])\S*\s.*\(%.*", output("x86_64-w64-mingw32-objdump", "-d", *kernels))
    if not kernels or aligned:
        sys.exit(f"tests/run.py: {len(aligned)} aligned moves in {len(kernels)} kernels for Windows: {aligned[:3]}")
    wine = shutil.which("wine64") or "/usr/lib/wine/wine64"
    quiet = {"WINEPREFIX": str(ROOT / folder / "wine"), "WINEDEBUG": "-all"}
    run(wine, folder / "picovae_in_c.exe", env=quiet)
    isa = re.search(r"ISA (\w+)", output(PICOVAE, "--version"))[1]
    run(wine, folder / "picovae_signatures.exe", MODEL, isa, env=quiet)


def sanitizers(options):
    run("tests/stages/sanitize.sh")


def coverage(options):
    run("tests/stages/coverage.py", BUILD / "test-coverage")


def clang_debug(options):
    folder = BUILD / "test-clang-debug"
    configure_and_build(folder, "clang++", "Debug", "-DCMAKE_C_COMPILER=clang", "-DPICOVAE_BUILD_BENCH_PEERS=OFF")
    ctest(folder)
    # And gcc Debug as CMake has it: what the optimizer hides.
    configure_and_build(BUILD / "test-gcc-o0", "g++", "Debug", "-DPICOVAE_BUILD_BENCH=OFF")
    ctest(BUILD / "test-gcc-o0")


def kernels_o0(options):
    for compiler in ("g++", "clang++"):
        folder = BUILD / f"test-o0-{compiler}"
        configure_and_build(folder, compiler, "Release", "-DPICOVAE_KERNEL_OPT=-O0", "-DPICOVAE_BUILD_TESTS=OFF",
                            "-DPICOVAE_BUILD_BENCH=OFF")
        sign(f"o0-{compiler}", platform.machine(), f"{compiler} -O0", folder / "picovae")
    if options.boards:
        ports("o0", "--kernel-opt", "-O0")
        ports("o0-kernels", "--kernel-opt", "-O0", "--program", "tests/ports/kernels.cpp")


def boards_by_clang(options):
    ports("clang", "--compiler", "clang", "--json", MATRIX / "boards-clang.json")
    ports("clang-kernels", "--compiler", "clang", "--program", "tests/ports/kernels.cpp")
    ports("clang-o0", "--compiler", "clang", "--kernel-opt", "-O0")


def fuzzers(options):
    run("tests/stages/fuzz.sh", "20")


def rebuildable(options):
    run("tests/stages/rebuildable.py", BUILD / "test-rebuildable")


def full_training(options):
    run("tests/stages/full_training.sh", PICOVAE, RELEASE / "full_training")
    run("bench/recipes.sh", "--quick", "--built", RELEASE, "--folder", RELEASE / "recipes")
    run("bench/sizes.py", "--quick", "--picovae", RELEASE / "picovae", "--folder", RELEASE / "sizes")


def proofs(options):
    """All of them; then that each fails where the code is broken."""
    for faults in [], ["--faults"]:
        run("/usr/bin/python3", "tests/proofs/run.py", "--build", RELEASE, "--folder", BUILD / "test-proofs", *faults)


def kills(options):
    run("/usr/bin/python3", "tests/tools/commands/test_training_survives.py", PICOVAE, "--kills", "200")


def one_model(options):
    """After "Debug of both compilers" and "Linux on Arm and RISC-V", whose programs it takes."""
    programs = {"gcc Release": PICOVAE, "clang Release": CLANG / "picovae",
                "gcc -O0": BUILD / "test-gcc-o0/picovae", "clang Debug": BUILD / "test-clang-debug/picovae",
                "aarch64": f"qemu-aarch64 -cpu max {BUILD / 'test-linux/aarch64/picovae/picovae'}"}
    if not on_emulated_linux(options):
        del programs["aarch64"]
    run("/usr/bin/python3", "tests/stages/one_model.py", "--data", mnist(), "--folder", BUILD / "test-one-model",
        *(f"{name}={command}" for name, command in programs.items()))


def signatures(options):
    run("/usr/bin/python3", "tests/stages/matrix.py", "show", *(["--require-isa"] if options.require_isa else []),
        *sorted((ROOT / MATRIX).glob("*.json")))


@dataclasses.dataclass
class Stage:
    name: str
    work: typing.Callable
    wanted: typing.Callable  # of the options
    packages: str = ""       # groups of tools/install_packages.sh


def always(options):
    return True


def on_full(options):
    return options.full


def on_boards(options):
    return options.full and options.boards


def on_emulated_linux(options):  # on Arm the other stages run on the real one
    return options.full and options.boards and platform.machine() == "x86_64"


def on_slow(options):
    return options.slow


STAGES = (
    Stage("gcc Release", gcc_release, always, "build man data tests"),
    Stage("end to end", end_to_end, always),
    Stage("ONNX", onnx, on_full, "onnx"),
    Stage("PyTorch", pytorch, on_full, "pytorch"),
    Stage("gcc Debug", gcc_debug, on_full),
    Stage("clang Release", clang_release, on_full, "clang bench"),
    Stage("clang libc++", clang_libcxx, on_slow, "clang libc++"),
    Stage("static checks", static_checks, on_full, "checks"),
    Stage("boards", boards, on_boards, "boards ed25519 arduino"),
    Stage("old processors", old_processors, on_emulated_linux, "old"),
    Stage("Linux on Arm and RISC-V", other_linux, on_emulated_linux, "linux"),
    Stage("web", web, on_full, "web browser"),
    Stage("Linux by Clang, on RISC-V, x86 of 32 bits and POWER", more_linux,
          lambda options: on_emulated_linux(options) and options.slow, "linux signing"),
    Stage("Windows", windows, lambda options: on_emulated_linux(options) and options.slow, "windows"),
    Stage("sanitizers", sanitizers, lambda options: options.sanitize, "clang sanitize"),
    Stage("coverage", coverage, lambda options: options.coverage, "clang coverage"),
    Stage("Debug of both compilers", clang_debug, on_slow),
    Stage("one model", one_model, on_slow),
    Stage("kernels at -O0", kernels_o0, on_slow),
    Stage("boards by clang", boards_by_clang, lambda options: options.slow and options.boards),
    Stage("fuzzers", fuzzers, on_slow, "fuzz"),
    Stage("built twice", rebuildable, lambda options: on_emulated_linux(options) and options.slow),
    Stage("proofs", proofs, lambda options: options.slow and platform.machine() == "x86_64", "clang proofs"),
    Stage("full training", full_training, on_slow),
    Stage("training killed 200 times", kills, on_slow),
    Stage("one signature", signatures, always),
)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/run.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="what CI runs")
    parser.add_argument("--slow", action="store_true", help="everything there is; implies the next two and --full")
    parser.add_argument("--sanitize", action="store_true", help="also ASan, UBSan, TSan, MSan and valgrind")
    parser.add_argument("--coverage", action="store_true", help="also lines and branches of the engine")
    parser.add_argument("--host-only", dest="boards", action="store_false",
                        help="no emulators: without boards, old processors, Arm and RISC-V")
    parser.add_argument("--require-isa", action="store_true",
                        help="fail if this machine lacks an ISA of the build; otherwise it is named")
    options = parser.parse_args(arguments)
    options.full |= options.slow
    options.sanitize |= options.slow
    options.coverage |= options.slow
    return options


def main():
    options = parse(sys.argv[1:])
    os.chdir(ROOT)
    stages = [stage for stage in STAGES if stage.wanted(options)]
    groups = dict.fromkeys(group for stage in stages for group in stage.packages.split())
    run("tools/install_packages.sh", *groups)
    mnist()
    MATRIX.mkdir(parents=True, exist_ok=True)
    for old in MATRIX.glob("*.json"):
        old.unlink()

    seconds = []
    for stage in stages:
        print(f"\n== {stage.name}", flush=True)
        start = time.monotonic()
        stage.work(options)
        seconds.append(time.monotonic() - start)
    print("\n== passed")
    for stage, taken in zip(stages, seconds):
        print(f"{taken:5.0f} s  {stage.name}")
    print(f"{sum(seconds):5.0f} s  in all")
    left_out = [stage.name for stage in STAGES if stage not in stages]
    if left_out:
        print(f"left out: {', '.join(left_out)} (--full, --slow and --help say which come with what)")
    print(f"{len(stages)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
