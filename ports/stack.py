#!/usr/bin/env python3
"""Prints the most stack that each function of picovae.h can take, and fails if that exceeds the budget.

GCC writes each function's frame and whom it calls (-fcallgraph-info=su); the longest path through that graph, in
bytes, is the bound. What our own assembly language pushes comes on top. It holds for any input. An indirect call may
reach every function of the kernels; a call into libgcc, which is compiled already, takes 48 bytes at most. A frame of
unknown size or a cycle fails."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import budgets
from harness.boards import all_boards
from harness.loops import registers
from harness.script import PORTS, ROOT, Failure, Parser, need, run_script, writable

NAME = "ports/stack.py"
ENGINE = ROOT / "engine"
ENTRIES = ("open", "verify", "self_test", "generate", "generate_class", "decode", "decode_logits",
           "decode_step", "encode", "reconstruct", "score_image")
INDIRECT = "__indirect_call"
LIBGCC = re.compile(r"__(aeabi_(lmul|u?[il]div(mod)?|u?ldivmod|l?ls[lr]|l?asr)|clz[sd]i2|gnu_thumb1_case_\w+|"
                    r"(ashr|lshr|ashl|mul)di3)$")
LIBGCC_FRAME = 48
FLAGS = ("-std=c++20 -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-builtin "
         "-fno-tree-loop-distribute-patterns -fno-ipa-icf -fcallgraph-info=su -S").split()
# As GCC for Arm brackets what an asm statement says.
WRITTEN = re.compile(r'^\t?@ \d+ "[^"]+" 1\n(.*?)^@ 0 "" 2$', re.M | re.S)


def pushed_bytes(assembly):
    """Function -> bytes that its asm statements push, all of them as if none were popped before the last."""
    pushed = {}
    for name, body in re.findall(r"^([A-Za-z_][\w.]*):\n(.*?)(?=^[A-Za-z_][\w.]*:\n|\Z)", assembly, re.M | re.S):
        written = "".join(WRITTEN.findall(body))
        if other := re.search(r"\n\s*(?:v?stm\w*\s+sp|vpush|(?:add|sub)s?\s+sp\s*,(?!\s*#)).*|.*\[sp.*\]!.*", written):
            raise Failure(f"{name} moves the stack pointer in a way that is not counted: {other[0].strip()}")
        moved = (int(number) for number in re.findall(r"\bsubs?\s+sp\s*,(?:\s*sp\s*,)?\s*#(\d+)", written))
        pushed[name] = 4 * sum(map(registers, re.findall(r"\bpush\s+\{.*\}", written))) + sum(moved)
    return pushed


class Graph:
    """The functions of one firmware: frames in bytes, callees, and which of them are kernels."""

    def __init__(self):
        self.frames, self.callees, self.kernels = {}, {}, set()

    def read(self, text, kernels, pushed=None):
        """text: of -fcallgraph-info; pushed: of pushed_bytes."""
        for name, label in re.findall(r'^node: { title: "([^"]*)" label: "([^"]*)"', text, re.M):
            if frame := re.search(r"\\n(\d+) bytes \(([^)]*)\)", label):
                if frame[2] not in ("static", "dynamic,bounded"):
                    raise Failure(f"the frame of {name} is {frame[2]}")
                symbol = name.rpartition(":")[2]  # a file's own function has its path before it
                self.frames[name] = int(frame[1]) + (pushed or {}).get(symbol, 0)
                self.callees.setdefault(name, set())
                if kernels:
                    self.kernels.add(name)
        for caller, callee in re.findall(r'^edge: { sourcename: "([^"]*)" targetname: "([^"]*)"', text, re.M):
            # A constructor is called as C1, of a whole object, and its frame may be that of C2, of a base: one code.
            base = re.sub(r"C1(?=E)", "C2", callee)
            self.callees.setdefault(caller, set()).add(base if base in self.frames else callee)

    def targets(self, caller):
        """What a call through a pointer may reach. Kernels pass pointers to functions that make no such call."""
        return {name for name in self.kernels
                if caller not in self.kernels or INDIRECT not in self.callees[name]}

    def most(self, name, path=()):
        if name in path:
            raise Failure(f"{name} may call itself")
        if name not in self.frames:
            if not LIBGCC.match(name):
                raise Failure(f"{path[-1]} calls {name}, whose frame is unknown")
            return LIBGCC_FRAME
        callees = self.callees[name]
        if INDIRECT in callees:
            callees = callees - {INDIRECT} | self.targets(name)
        return self.frames[name] + max((self.most(callee, (*path, name)) for callee in callees), default=0)


def bounds(board, *definitions):
    """Entry -> bytes, with the kernels of the board's family on its core."""
    compiler = f"{board.architecture.prefix}-g++"
    layout = {"cortex-m": "kCortexM", "mve": "kMve"}[board.layout]
    kernels = ENGINE / f"src/board/{board.family}.cpp"
    graph = Graph()
    with tempfile.TemporaryDirectory() as folder:
        engine = [ENGINE / "src" / f"{name}.cpp" for name in ("blob", "verify", "classes", "score", "thresholds", "c_api")]
        for source in (*engine, kernels, PORTS / "common/memory.cpp"):
            options = ["-O2" if source == kernels else "-Os", *board.architecture.flags(board.core), *board.flags,
                       *board.architecture.headers,
                       f"-DPICOVAE_ONLY_LAYOUT={layout}", "-DPICOVAE_SHAPE=784,300,300,50", *definitions,
                       f"-I{ENGINE}/include", f"-I{ENGINE}/src"]
            out = pathlib.Path(folder) / source.stem
            assembly = out.with_suffix(".s")
            subprocess.run([compiler, *FLAGS, *options, "-dumpbase", out, "-o", assembly, source], check=True)
            (information,) = pathlib.Path(folder).glob(f"{source.stem}*.ci")
            graph.read(information.read_text(), source == kernels, pushed_bytes(assembly.read_text()))
    names = {entry: [name for name in graph.frames if re.fullmatch(rf"picovae_{entry}(_\d+)*", name)]
             for entry in ENTRIES}
    return {entry: graph.most(*names[entry]) for entry in ENTRIES}


def main(arguments):
    parser = Parser(NAME, __doc__, "ports/stack.py --json build/stack.json")
    parser.add_argument("--json", type=writable, metavar="FILE", help="the table as JSON")
    options = parser.parse_args(arguments)
    need("boards", *(f"{board.architecture.prefix}-g++" for board in all_boards()))
    limits = json.loads(budgets.FILE.read_text())
    # Engines that read weights of 4 bits too have budgets of their own.
    kinds = {"entry_stack": ("", []), "entry_stack_s4": (", s4", ["-DPICOVAE_S4"])}

    line = "{:14}" + " {:>14}" * len(ENTRIES)
    print(line.format("stack, bytes", *ENTRIES))
    table, ok = {}, True
    for key, (suffix, definitions) in kinds.items():
        for core, board in {board.core: board for board in all_boards()}.items():
            name = core.removeprefix("cortex-") + suffix
            table[name] = bounds(board, *definitions)
            print(line.format(name, *table[name].values()))
            for entry, most in table[name].items():
                if most > limits[key][entry]:
                    print(f"{NAME}: {name}: picovae_{entry} may take {most} bytes, the budget {limits[key][entry]}",
                          file=sys.stderr)
                    ok = False
        print(line.format(f"budget{suffix}", *(limits[key][entry] for entry in ENTRIES)))
    if options.json:
        options.json.write_text(json.dumps(table, indent=2) + "\n")
    return 0 if ok else 1


if __name__ == "__main__":
    run_script(NAME, main)
