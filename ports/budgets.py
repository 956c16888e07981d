"""Compares a table of ports/run.py with budgets.json.

A budget has two sides. `limits` are promises: no compiler may exceed them. `measured` are the figures of the
compiler named there: with that one, growth of more than 2 % fails, so that nobody drifts into it unnoticed."""
import json
import sys

from harness.script import PORTS

FILE = PORTS / "budgets.json"
WATCHED = ("decode_instructions", "encode_instructions", "open_instructions", "verify_instructions",
           "self_test_instructions", "flash_code", "flash_model", "ram", "stack")
GROWTH = 1.02


def excesses(row, limits, measured):
    """A line about each figure of a board that is larger than allowed."""
    for key in WATCHED:
        if key not in row:
            continue
        if row[key] > limits.get(key, row[key]):
            yield f"{row['board']}: {key} is {row[key]}, the budget {limits[key]}"
        elif row[key] > measured.get(key, row[key]) * GROWTH:
            yield f"{row['board']}: {key} grew from {measured[key]} to {row[key]}, by more than 2 %"


def within_budgets(rows, shape, parts, compiler, update=False, file=FILE):
    """Prints how the rows compare; false if a figure is too large.
      rows    of one compiler, such as "gcc 12.2.1"; parts is "full" or "decoder"
      shape   "784,300,300,50"; other shapes have no budgets
      update  takes the rows as measured, if they keep to the limits"""
    budgets = json.loads(file.read_text())
    if shape != budgets["shape"]:
        print(f"no budgets for shape {shape}")
        return True
    limits, measured = budgets["limits"][parts], budgets["measured"][parts]
    same_compiler = compiler == budgets["compiler"] and not update
    found = [line for row in rows
             for line in excesses(row, limits.get(row["board"], {}),
                                  measured.get(row["board"], {}) if same_compiler else {})]
    for line in found:
        print(f"budgets: {line}", file=sys.stderr)
    if found:
        return False
    if update:
        budgets["compiler"] = compiler
        measured.update({row["board"]: {key: row[key] for key in WATCHED if key in row} for row in rows})
        file.write_text(json.dumps(budgets, indent=2) + "\n")
    print(f"within budget: the limits{', and 2 % of what was measured' if same_compiler else ''}")
    return True
