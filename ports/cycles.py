#!/usr/bin/env python3
"""Estimates what a decode takes on real boards, from the firmware that ports/run.sh built: no cycle was measured.

Instructions are exact (qemu). Each is taken to cost what those of the innermost loop cost: by LLVM's model of the core
(of RISC-V's that of SiFive's E31), on M0+, M0 and M3, which have none, by the tables of their manuals. Flash adds the time of its wait states for all
weights, which a decode reads once. Manuals and models of one core differ by 12 % (M4: 148 cycles a turn of the loop, or
166), and buses and caches by more: take the result for right within a quarter."""
import dataclasses
import json
import pathlib
import sys

import budgets
from harness.boards import all_boards
from harness.loops import cycles_of, loop_of
from harness.script import Failure, Parser, ROOT, need, run_script, writable

NAME = "ports/cycles.py"


@dataclasses.dataclass(frozen=True)
class Hardware:
    name: str
    board: str   # of boards.txt, with the same core and the model that the hardware has room for
    mhz: float
    memory: str  # where the weights are
    line: int    # bytes that one access to it gets
    stall: int   # cycles of the core that it waits for these


HARDWARE = (
    Hardware("nRF51 (micro:bit V1)", "microbit", 16, "flash, no wait states", 4, 0),
    # 12 + 16 clocks of a quarter byte each for a line of the cache, at half of the core's clock.
    Hardware("RP2040 (Pico)", "mps2-an385-m0", 125, "serial flash, divider 2", 8, 56),
    Hardware("RP2040 (Pico)", "mps2-an385-m0", 125, "SRAM", 4, 0),
    Hardware("STM32F207", "mps2-an385", 120, "flash, 3 wait states", 16, 3),
    Hardware("STM32F405", "netduinoplus2", 168, "flash, 5 wait states", 16, 5),
    Hardware("RP2350 (Pico 2)", "mps2-an505", 150, "serial flash, divider 2", 8, 56),
    Hardware("RP2350 (Pico 2)", "mps2-an505", 150, "SRAM", 4, 0),
    # A word of 256 bits is 4 wait states and the bus, at half of the core's clock.
    Hardware("STM32H743", "mps2-an500", 480, "flash behind the data cache", 32, 20),
    Hardware("STM32H743", "mps2-an500", 480, "SRAM", 32, 0),
    Hardware("Cortex-M55", "mps3-an547", 400, "SRAM", 32, 0),
    Hardware("RV32IMC, as an E31", "virt-rv32", 160, "SRAM", 4, 0),
)
LINE = "{:20} {:12} {:>5} {:27} {:>12} {:>5} {:>9} {:>9} {:>6}"


def measured(board, rows):
    """Instructions of a decode, and bytes of the decoder, of the model that ships; on a board without room for it, of
    its own and of both halves. rows: what the budgets say was measured"""
    return rows["full"][board]["decode_instructions"], rows["decoder"].get(board, rows["full"][board])["flash_model"]


def estimate(hardware, instructions, weights, core, elf):
    """A row of the table. instructions, weights: of measured(); elf: firmware of that core"""
    loop = loop_of(elf, core)
    if not loop:
        raise Failure(f"{elf}: no loop with multiplies in its kernels")
    turn = cycles_of(core, loop)
    cycles = instructions * turn / len(loop)
    waiting = weights / hardware.line * hardware.stall
    return {"hardware": hardware.name, "core": core, "mhz": hardware.mhz, "memory": hardware.memory,
            "loop_instructions": len(loop), "loop_cycles": round(turn), "decode_instructions": instructions,
            "cycles": round(cycles), "waiting": round(waiting),
            "milliseconds": round((cycles + waiting) / hardware.mhz / 1000, 2)}


def main(arguments):
    parser = Parser(NAME, __doc__, "ports/run.sh && ports/cycles.py")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/ports", metavar="DIR",
                        help="where ports/run.sh built the firmware, default build/ports")
    parser.add_argument("--json", type=writable, metavar="FILE", help="the table as JSON")
    options = parser.parse_args(arguments)
    need("boards cycles", "arm-none-eabi-objdump", "llvm-mca-19")
    boards = {board.name: board for board in all_boards()}
    known = json.loads(budgets.FILE.read_text())["measured"]
    rows = []
    print(LINE.format("hardware", "core", "MHz", "weights in", "loop", "CPI", "cycles", "+ waits", "ms"))
    for hardware in HARDWARE:
        board = boards[hardware.board]
        # Boards of a family have the same kernels, whatever the model.
        twin = next(other for other in boards.values() if other.family == board.family and not other.trains)
        elf = options.build / f"{twin.architecture.name}-{twin.layout}" / f"{(twin if board.trains else board).name}.elf"
        if not elf.exists():
            raise Failure(f"no {elf}; run ports/run.sh")
        row = estimate(hardware, *measured(board.name, known), board.core, elf)
        rows.append(row)
        print(LINE.format(row["hardware"], row["core"], row["mhz"], row["memory"],
                          f"{row['loop_instructions']} -> {row['loop_cycles']}",
                          f"{row['loop_cycles'] / row['loop_instructions']:.2f}", row["cycles"], row["waiting"],
                          f"{row['milliseconds']:.2f}"))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    run_script(NAME, main)
