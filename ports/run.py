#!/usr/bin/env python3
"""Builds the demo with a model in flash, runs it on emulated boards and prints a table of instructions and bytes.
Ends with 0 only if every board verified the model, tested its kernels, computed the model's signatures and kept to
its budget."""
import collections
import concurrent.futures
import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

import budgets
from harness.architectures import ARM
from harness.boards import all_boards
from harness.firmware import Firmware, output_of
from harness.loops import can_estimate, cycles_of, loop_of
from harness.picovae import SHIPPED, Picovae, add_picovae, kind_of, shape_of
from harness.script import (JOBS, PORTS, ROOT, Log, Misuse, Parser, need, progress, readable, run_script,
                            writable)

NAME = "ports/run.sh"
DEMO = PORTS / "common/demo.cpp"
SCORE = "score-{}"  # the second program of a board, beside the demo
SIGNATURE_DIGITS = 1000  # that the signature in a model's header covers
TOOLCHAINS = {"gcc": "toolchain.cmake", "clang": "toolchain-clang.cmake"}  # of an architecture's folder
# Key of the JSON, and of a line that the demo prints -> heading of the table. Cycles are estimated: cycles.py.
FIGURES = {
    "decode_instructions": "decode", "decode_cycles": "~cycles", "encode_instructions": "encode",
    "score_instructions": "score", "open_instructions": "open",
    "verify_instructions": "verify", "self_test_instructions": "self-test", "flash_code": "code",
    "flash_model": "model", "ram": "ram", "stack": "stack", "stack_bound": "bound", "signature": "signature",
    "signature_reconstruct": "reconstr.", "signature_scores": "scores"}
LINE = ("{:14} {:13} {:14} {:>9} {:>9} {:>9} {:>9} {:>7} {:>10} {:>9} {:>6} {:>7} {:>5} {:>6} {:>6} {:>10} {:>10} {:>10}"
        "  {}")
TIMEOUT = 600  # seconds for a board


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/run.sh mps2-an386 mps3-an547 --decoder-only")
    parser.add_argument("boards", nargs="*", metavar="BOARD",
                        help="of ports/boards/boards.txt; default: all of them that the compiler knows, with --model or "
                             "--program those that have room for the model that ships")
    parser.add_argument("--model", type=readable, metavar="FILE",
                        help="an s8 .pvae, default engine/models/mnist_s8.pvae, or one trained on MNIST for a board "
                             "which has no room for that; it is packed for each board, and the demo has an encoder if "
                             "the model has one")
    parser.add_argument("--epochs", type=int, default=30, metavar="N",
                        help="how long boards train a model of their own, default 30")
    parser.add_argument("--decoder-only", action="store_true", help="leave the model's encoder out")
    parser.add_argument("--json", type=writable, metavar="FILE", help="the table as JSON")
    parser.add_argument("--pictures", type=pathlib.Path, metavar="DIR", help="a digit of each board as DIR/BOARD.pgm")
    parser.add_argument("--digits", type=int, default=SIGNATURE_DIGITS, metavar="N",
                        help="digits that the signature covers, default 1000; the model has it for 1000 only, another "
                             "is not compared")
    parser.add_argument("--program", type=readable, default=DEMO, metavar="FILE",
                        help="another program than ports/common/demo.cpp; all that counts is its exit code")
    parser.add_argument("--compiler", choices=TOOLCHAINS, default="gcc", help="default gcc; clang is for Arm")
    parser.add_argument("--kernel-opt", default="-O2", metavar="OPT", help="optimization of the kernels, default -O2")
    add_picovae(parser)
    parser.add_argument("--update-budgets", action="store_true",
                        help="take this run's figures into ports/budgets.json")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/ports", metavar="DIR",
                        help="default build/ports")
    parser.add_argument("--verbose", action="store_true", help="print what the boards print as well")
    # argparse would take the value -O2 for an option.
    for i, argument in enumerate(arguments[:-1]):
        if argument == "--kernel-opt":
            arguments = [*arguments[:i], f"{argument}={arguments[i + 1]}", *arguments[i + 2:]]
    options = parser.parse_intermixed_args(arguments)
    for name in ("digits", "epochs"):
        if getattr(options, name) < 1:
            raise Misuse(f"--{name} is not a positive number")
    if options.model and options.update_budgets:
        raise Misuse("--update-budgets is for the boards' own models, without --model")
    options.build = options.build.resolve()
    return options


def choose(options):
    boards = {board.name: board for board in all_boards()}
    for name in options.boards:
        if name not in boards:
            raise Misuse(f"no board {name}; there are {' '.join(boards)}")
        if options.compiler not in boards[name].architecture.compilers:
            raise Misuse(f"{name} is not an Arm board: {options.compiler} is for those")
    if options.boards:
        return [boards[name] for name in options.boards]
    need_room = options.model or options.program != DEMO
    return [board for board in boards.values() if options.compiler in board.architecture.compilers
            and not (need_room and board.trains)]


def folder_of(board, options):
    """Where a board's firmware is built, together with all others of its architecture that have the same model in the
    same layout."""
    shared = f"{board.architecture.name}-{board.layout}"
    return options.build / (board.name if model_is_trained(board, options) else shared)


def compiler_of(architecture, options):
    """Its name and version."""
    if options.compiler == "clang":
        return f"clang {output_of('clang++', '-dumpversion').strip()}"
    return f"gcc {output_of(f'{architecture.prefix}-g++', '-dumpfullversion').strip()}"


def model_is_trained(board, options):
    """Whether the board has no room for the model that ships, and none is given."""
    return board.trains and not options.model


def model_of(board, options, picovae):
    """The model for a board, which may have to be trained."""
    if not model_is_trained(board, options):
        return options.model or SHIPPED
    progress(f"training a model for {board.name}")
    return picovae.train(board.training, options.epochs, folder_of(board, options))


def stack_size(description, options):
    """Bytes of stack; 0: what the linker's script reserves."""
    if options.kernel_opt == "-O0":  # larger frames than those of any real firmware
        return 8192
    if options.program != DEMO:  # of all frames together, which is the bound, tests have more than a firmware
        return 4096
    return 3584 if description.get("decoder_bits") == 4 else 0  # a group of weights is expanded there


def configure(board, options, picovae, log):
    """Makes the folder of a board, which it may share. Returns what picovae says of the model in it."""
    folder = folder_of(board, options)
    folder.mkdir(exist_ok=True)
    model = model_of(board, options, picovae)
    model, description = picovae.pack(model, board.layout, options.decoder_only, folder)
    size = stack_size(description, options)
    stack = f"-Wl,--defsym=PICOVAE_STACK_SIZE={size}" if size else ""
    log.run("cmake", "-S", PORTS / "boards", "-B", folder,
            "--toolchain", PORTS / "boards" / board.architecture.name / TOOLCHAINS[options.compiler],
            "-DPICOVAE_WERROR=ON", f"-DPICOVAE_MODEL={model}", f"-DPICOVAE_PROGRAM={options.program}",
            f"-DPICOVAE_DIGITS={options.digits}", f"-DPICOVAE_KERNEL_OPT={options.kernel_opt}",
            f"-DPICOVAE_PICTURE={'ON' if options.pictures else 'OFF'}", f"-DCMAKE_EXE_LINKER_FLAGS={stack}")
    return description


def build(board, model, options, log):
    """Builds a board's firmware in its folder. model: what picovae says of the one in it."""
    progress(f"building {board.name}")
    programs = [board.name, *([SCORE.format(board.name)] if scores(model, options) else [])]
    log.run("cmake", "--build", folder_of(board, options), "-j", str(JOBS), "--target", *programs)


def scores(model, options):
    """Whether the boards' second program is of use. model: what picovae says of it."""
    return options.program == DEMO and model["has_encoder"] and model["has_decoder"]


@dataclasses.dataclass
class Result:
    board: object
    model: dict                                          # what picovae says of the model in it
    figures: dict                                        # keys of FIGURES
    output: str = ""                                     # what the board printed
    problems: list = dataclasses.field(default_factory=list)

    @property
    def ok(self):
        return not self.problems


def parse_figures(output):
    """The lines of `key value` in what a demo prints. Signatures are text."""
    pairs = [line.split() for line in output.splitlines()]
    return {pair[0]: pair[1] if pair[0].startswith("signature") else int(pair[1])
            for pair in pairs if len(pair) == 2 and pair[0] in FIGURES}


def emulate(board, elf, folder):
    """Runs firmware under qemu, which counts its instructions, in a folder for the files that it writes. Returns
    the exit code and what was printed."""
    folder.mkdir(exist_ok=True)
    out = elf.with_suffix(".txt")
    with out.open("w") as file:
        try:
            status = subprocess.run(
                [*board.architecture.emulator, "-M", board.machine, "-kernel", elf], cwd=folder,
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=TIMEOUT).returncode
        except subprocess.TimeoutExpired:
            status = f"no result within {TIMEOUT} s"
    return status, out.read_text(errors="replace")


def run(board, model, options):
    """Inspects a board's firmware and, if the board is emulated, runs it. model: what picovae says of the one in it."""
    folder = folder_of(board, options)
    firmware = Firmware(folder / f"{board.name}.elf", board.architecture)
    result = Result(board, model, {"flash_code": firmware.bytes_of(".text", ".data"),
                                   "flash_model": firmware.bytes_of(".model"), "stack_bound": firmware.stack_bound()})
    if not board.emulated:
        return result
    if unwelcome := firmware.unwelcome_symbols():
        result.problems.append(f"linked with {' '.join(unwelcome)}")
    if result.figures["stack_bound"] > firmware.bytes_of(".stack"):
        result.problems.append(f"the stack may overflow: {result.figures['stack_bound']} bytes")
    status, result.output = emulate(board, firmware.elf, folder / board.name)
    result.figures.update(parse_figures(result.output))
    if "decode_instructions" in result.figures and can_estimate(board.core):
        if loop := loop_of(firmware.elf, board.core):
            share = cycles_of(board.core, loop) / len(loop)
            result.figures["decode_cycles"] = round(result.figures["decode_instructions"] * share)
    if status != 0:
        result.problems.append(f"ended with {status}: {(result.output.splitlines() or [''])[-1]}")
    elif scores(model, options):
        run_scores(result, folder)
    if options.pictures and result.ok:
        options.pictures.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / board.name / "digit.pgm", options.pictures / f"{board.name}.pgm")
    return result


def run_scores(result, folder):
    """Runs the board's second program and adds its figures."""
    name = SCORE.format(result.board.name)
    status, output = emulate(result.board, folder / f"{name}.elf", folder / name)
    result.figures.update(parse_figures(output))
    result.output += output
    if status != 0:
        result.problems.append(f"scores ended with {status}: {(output.splitlines() or [''])[-1]}")


def table_line(result):
    cells = [str(result.figures.get(key, "-")) for key in FIGURES]
    ok = str(result.ok).lower() if result.board.emulated else "built"
    return LINE.format(result.board.name, result.board.core, shape_of(result.model), *cells, ok)


def report(result, options):
    """Prints it."""
    if options.verbose:
        print(result.output, end="")
    print(table_line(result), flush=True)
    for problem in result.problems:
        print(f"{NAME}: {result.board.name}: {problem}", file=sys.stderr)
    return result


def json_row(result, compiler):
    figures = {key: result.figures[key] for key in FIGURES if key in result.figures}
    return {"board": result.board.name, "core": result.board.core, "compiler": compiler,
            "shape": kind_of(result.model), "parts": result.model["parts"], **figures, "ok": result.ok}


def has_budget(options):
    """Budgets are for the demo as it is shipped."""
    return (options.program == DEMO and options.digits == SIGNATURE_DIGITS and options.kernel_opt == "-O2"
            and not options.pictures)


def main(arguments):
    options = parse(arguments)
    boards = choose(options)
    need("build boards", "cmake", f"{ARM.prefix}-g++")  # which has the headers for all of them
    architectures = {board.architecture for board in boards}
    for architecture in architectures:
        need("build boards", f"{architecture.prefix}-g++", architecture.emulator[0])
    if options.compiler == "clang":
        need("clang", "clang++")
    compilers = {architecture: compiler_of(architecture, options) for architecture in architectures}
    log = Log(options.build / "build.log")
    picovae = Picovae(options.picovae, log)

    print(LINE.format("board", "core", "shape", *FIGURES.values(), "ok"), flush=True)
    results, models = [], {}
    # Boards run while others are built. Those that have to train a model come last.
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        running = collections.deque()
        for board in sorted(boards, key=lambda board: model_is_trained(board, options)):
            folder = folder_of(board, options)
            while running and (running[0].done() or model_is_trained(board, options)):
                results.append(report(running.popleft().result(), options))
            if folder not in models:
                models[folder] = configure(board, options, picovae, log)
            build(board, models[folder], options, log)
            running.append(pool.submit(run, board, models[folder], options))
        for future in running:
            results.append(report(future.result(), options))

    rows = [json_row(result, compilers[result.board.architecture]) for result in results if result.board.emulated]
    (options.json or options.build / "table.json").write_text(json.dumps(rows, indent=2) + "\n")
    ok = all(result.ok for result in results)
    if has_budget(options):
        ok &= budgets.within_budgets(rows, update=options.update_budgets and ok)
    return 0 if ok else 1


if __name__ == "__main__":
    run_script(NAME, main)
