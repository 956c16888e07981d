#!/usr/bin/python3
"""arm_counts.py COUNTS [--json FILE]: what count_decodes.cpp and its plugin wrote, as a table.

The instructions of a decode beside those that it needs on paper: of the loop over the packed weights,
and of the epilogues. Fails where one has more than 1.15 times as many.
"""
import argparse
import json
import math
import pathlib
import sys

LIMIT = 1.15
DECODER = ((50, 300), (300, 300), (300, 784))  # inputs, outputs
FIRST = DECODER[0]  # its s8 inputs are s16
LAST = DECODER[-1]  # ends in a sigmoid, the others in softplus


# Tiles of f32 that a batch is cut into: rows, and columns in registers of four.
F32_TILES = {1: [(1, 16)], 2: [(2, 8)], 3: [(3, 8)], 8: [(3, 8), (3, 8), (2, 8)]}


def f32_loop(inputs, columns, batch):
    # A multiply-add for four weights and a row, a load of a pair of registers for eight weights; and for each row of
    # a tile a load of four inputs.
    return sum(inputs * (columns / 4 * rows + columns / 8) + inputs / 4 * rows * math.ceil(columns / 4 / width)
               for rows, width in F32_TILES[batch]) / batch


def neon_loop(groups, columns, wide):
    panels = math.ceil(columns / 32)
    if wide:  # for 8 columns LD4, 4 SXTL, 8 SMLAL; a load of the group's inputs
        return groups * (columns / 8 * 13 + panels)
    # for 8 columns of two groups 2 LDP, 4 SMULL, 4 SMLAL, 4 SADALP; a load for each group's inputs
    return groups * (columns / 8 * 14 / 2 + panels)


def sdot_loop(groups, columns, wide):
    panels = math.ceil(columns / 32)
    if wide:  # two SDOT, of high and low bytes: LDP and 5 to make these of the inputs of four groups
        return groups * (columns / 4 * 2 + columns / 8) + groups / 4 * panels * 6
    return groups * (columns / 4 + columns / 8) + groups / 4 * panels


# Instructions of the epilogue's arithmetic for a register of outputs, loads of sums, bias and the rest and
# the store included. In f32 a step of Horner's rule is two: FMLA overwrites what it adds to.
F32_SOFTPLUS, F32_SIGMOID = 43.5, 26.5  # 4 outputs
S8_SOFTPLUS, S8_SIGMOID = 37, 34  # 8 outputs


def on_paper(type_, isa, batch):
    """Instructions an image of the loops, and of the epilogues."""
    loops = epilogues = 0
    for layer in DECODER:
        inputs, outputs = layer
        columns = math.ceil(outputs / 16) * 16
        if type_ == "f32":
            loops += f32_loop(inputs, columns, batch)
            epilogues += columns / 4 * (F32_SIGMOID if layer == LAST else F32_SOFTPLUS)
        else:
            loop = neon_loop if isa == "neon" else sdot_loop
            if layer != FIRST and isa != "i8mm":  # inputs become s8: for 32 of them LDP, two EOR, STP
                loops += inputs / 32 * 4
            loops += loop(math.ceil(inputs / 4), columns, layer == FIRST)
            epilogues += columns / 8 * (S8_SIGMOID if layer == LAST else S8_SOFTPLUS)
    return round(loops), round(epilogues)


def make_row(line):
    type_, isa, batch, before, once, thrice = line.split()
    # The difference of two decodes and one: what surrounds them falls out.
    instructions = (int(thrice) - int(once)) - (int(once) - int(before))
    row = {"task": "decode", "type": type_, "isa": isa, "batch": int(batch),
           "instructions_per_image": round(instructions / int(batch))}
    # Of s8 in batches there is no formula.
    if row["batch"] == 1 or type_ == "f32" and row["batch"] in F32_TILES:
        row["paper_loops"], row["paper_epilogues"] = on_paper(type_, isa, row["batch"])
        one = instructions / row["batch"]
        row["times_paper"] = one / (row["paper_loops"] + row["paper_epilogues"])
        row["times_paper_loops"] = one / row["paper_loops"]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    rows = [make_row(line) for line in options.counts.read_text().splitlines()]
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")

    layout = "{:<5} {:<5} {:>5} {:>13} {:>12} {:>16} {:>8} {:>14}"
    print(layout.format("type", "isa", "batch", "instr./image", "paper: loops", "+ epilogues", "x paper",
                        "x loops alone"))
    for row in rows:
        paper = ("", "", "", "")
        if "times_paper" in row:
            paper = (row["paper_loops"], row["paper_epilogues"], f"{row['times_paper']:.3f}",
                     f"{row['times_paper_loops']:.3f}")
        print(layout.format(row["type"], row["isa"], row["batch"], row["instructions_per_image"], *paper).rstrip())
    over = [f"{row['type']} {row['isa']} {row['batch']}" for row in rows if row.get("times_paper", 0) > LIMIT]
    if over or not rows:
        sys.exit(f"arm_counts.py: more than {LIMIT} times the paper: {', '.join(over) or 'nothing was counted'}")


if __name__ == "__main__":
    main()
