"""The innermost loop of a kernel in firmware, and the cycles of a turn of it."""
import re
import shutil
import subprocess

from harness.firmware import output_of
from harness.script import Failure

KERNELS = re.compile(r"multiply_(narrow|half)")  # functions with the innermost loop, in mangled names
MULTIPLY = re.compile(r"mul|mla|smla|vml")
# LLVM's models of cores: the target that llvm-mca wants with them, and the name of the model.
MODELS = {"cortex-m4": ("thumbv7em", "cortex-m4"), "cortex-m7": ("thumbv7em", "cortex-m7"),
          "cortex-m33": ("thumbv8m.main", "cortex-m33"), "cortex-m55": ("thumbv8.1m.main", "cortex-m55"),
          "cortex-m85": ("thumbv8.1m.main", "cortex-m85"),
          "rv32imc": ("riscv32", "sifive-e31")}  # five stages, in order
TURNS = 200


def parse_code(text):
    """[(address, instruction)] of what objdump -d --no-show-raw-insn prints."""
    return [(int(address, 16), " ".join(instruction.split()))
            for address, instruction in re.findall(r"^ *([0-9a-f]+):\s+([^\n;@]+)", text, re.M)]


def find_loops(code):
    """The loops that have no other in them, each a list of instructions of which the last one jumps back."""
    places = {address: i for i, (address, _) in enumerate(code)}
    loops = []
    for i, (address, instruction) in enumerate(code):
        jump = re.match(r"(?:b|le).*[ ,]([0-9a-f]+) <", instruction)
        if jump and (start := places.get(int(jump[1], 16))) is not None and start <= i:
            loops.append((start, i))
    return [[instruction for _, instruction in code[start:end + 1]] for start, end in loops
            if not any(start <= a and b <= end and (a, b) != (start, end) for a, b in loops)]


def loop_of(elf, core):
    """The loop with the most multiplies, of the KERNELS in a firmware; empty if they are inlined elsewhere."""
    target = MODELS.get(core, ("thumb", core))[0]
    prefix = "riscv64-unknown-elf" if target.startswith("riscv") else "arm-none-eabi"
    names = [line.split()[-1] for line in output_of(f"{prefix}-nm", elf).splitlines()]
    # It does not see by itself that a file has MVE.
    machine = ["-marmv8.1-m.main"] if target.startswith("thumbv8.1") else []
    loops = [loop for name in names if KERNELS.search(name)
             for loop in find_loops(parse_code(output_of(f"{prefix}-objdump", "-d", "--no-show-raw-insn", *machine,
                                                         f"--disassemble={name}", elf)))]
    loop = max(loops, key=multiplies, default=[])
    return loop if multiplies(loop) else []


def multiplies(loop):
    return sum(bool(MULTIPLY.match(instruction)) for instruction in loop)


# Cycles of instructions that take more than one, from the technical reference manuals.
#   first of these that matches; a list of registers counts as {}: cycles are + its length
BY_MANUAL = {
    "cortex-m0": ((r"ldm|stm|pop|push", 1, True), (r"ldr|str", 2, False), (r"b(?!ic)", 3, False)),
    "cortex-m0plus": ((r"ldm|stm|pop|push", 1, True), (r"ldr|str", 2, False), (r"b(?!ic)", 2, False)),
    "cortex-m3": ((r"ldm|stm|pop|push", 1, True), (r"ldrd|strd", 3, False), (r"ldr", 2, False), (r"mla", 2, False),
                  (r"b(?!ic|fi)", 3, False)),
}


def cycles_by_manual(core, loop):
    """Cycles of a turn: single-cycle multiplies, no waiting for memory, each load on its own."""
    total = 0
    for instruction in loop:
        for pattern, cycles, has_list in BY_MANUAL[core]:
            if re.match(pattern, instruction):
                total += cycles + (registers(instruction) if has_list else 0)
                break
        else:
            total += 1
    return total


def registers(instruction):
    """How many registers {r0, r2-r5} names."""
    total = 0
    for part in re.search(r"{(.*)}", instruction)[1].split(","):
        ends = [int(text) for text in re.findall(r"r(\d+)", part)]
        total += ends[-1] - ends[0] + 1 if len(ends) == 2 else 1
    return total


def cycles_by_model(core, loop):
    """Cycles of a turn by LLVM's model of the core, loads from memory without wait states."""
    # The jump's target is a label here; LLVM 19 crashes on widths (.w) of loads that advance their address.
    lines = [re.sub(r"\.[wn]\b", "", re.sub(r"\b[0-9a-f]+ <.*>", "start", instruction)) for instruction in loop]
    target, model = MODELS[core]
    start = "start:\n" if target.startswith("riscv") else ".syntax unified\n.thumb\nstart:\n"
    report = subprocess.run(["llvm-mca-19", f"-mtriple={target}-none-eabi", f"-mcpu={model}", f"-iterations={TURNS}"],
                            text=True, capture_output=True, input=start + "\n".join(lines) + "\n")
    found = re.search(r"^Total Cycles: +(\d+)", report.stdout, re.M)
    if report.returncode != 0 or not found:
        raise Failure(f"llvm-mca-19: {(report.stderr.splitlines() or ['no cycles in its report'])[0]}")
    return int(found[1]) / TURNS


def can_estimate(core):
    return core in BY_MANUAL or (core in MODELS and shutil.which("llvm-mca-19") is not None)


def cycles_of(core, loop):
    """Cycles of a turn."""
    return cycles_by_manual(core, loop) if core in BY_MANUAL else cycles_by_model(core, loop)
