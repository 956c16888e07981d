"""Compares a table of ports/run.py with budgets.json.

A budget has two sides. `limits` are promises: no compiler may exceed them. `measured` are the figures of a compiler
that is named with them: with that one, growth of more than 2 % fails, so that nobody drifts into it unnoticed."""
import json
import sys

from harness.script import PORTS

FILE = PORTS / "budgets.json"
WATCHED = ("decode_instructions", "encode_instructions", "score_instructions", "open_instructions",
           "verify_instructions", "self_test_instructions", "flash_code", "flash_model", "ram", "stack")
GROWTH = 1.02
SCORE_SHARE = "score_of_encode_and_decode"


def excesses(row, limits, measured):
    """A line about each figure of a board that is larger than allowed."""
    for key in WATCHED:
        if key not in row:
            continue
        if row[key] > limits.get(key, row[key]):
            yield f"{row['board']}: {key} is {row[key]}, the budget {limits[key]}"
        elif row[key] > measured.get(key, row[key]) * GROWTH:
            yield f"{row['board']}: {key} grew from {measured[key]} to {row[key]}, by more than 2 %"
    # An encode and a decode are in a score. What it adds is promised of any compiler's.
    share = limits.get(SCORE_SHARE)
    if share and row.get("score_instructions"):
        parts = row["encode_instructions"] + row["decode_instructions"]
        if row["score_instructions"] > share * parts:
            yield (f"{row['board']}: a score takes {row['score_instructions']} instructions, the budget {share} of "
                   f"{parts} for an encode and a decode")


def within_budgets(rows, update=False, file=FILE):
    """Prints how the rows compare; false if a figure is too large.
      rows    each names its compiler, such as "gcc 12.2.1". A board has budgets for the shape in its "shape", without
              one for the shape of the file; other shapes have none
      update  takes the rows as measured, if they keep to the limits"""
    budgets = json.loads(file.read_text())
    found, without, growths = [], [], False
    for row in rows:
        parts = "full" if "encoder" in row["parts"].split() else "decoder"
        limits, measured = (budgets[side][parts].get(row["board"], {}) for side in ("limits", "measured"))
        if update:
            own_shape = {} if row["shape"] == budgets["shape"] else {"shape": row["shape"]}
            budgets["measured"][parts][row["board"]] = {"compiler": row["compiler"]} | own_shape | {
                key: row[key] for key in WATCHED if key in row}
        elif row["shape"] != measured.get("shape", budgets["shape"]):
            without.append(f"{row['board']} of {row['shape']}")
            continue
        watch_growth = not update and row["compiler"] == measured.get("compiler")
        growths |= watch_growth
        found += excesses(row, limits, measured if watch_growth else {})
    for line in found:
        print(f"budgets: {line}", file=sys.stderr)
    if found:
        return False
    if update:
        file.write_text(json.dumps(budgets, indent=2) + "\n")
    if without:
        print(f"no budgets for {', '.join(without)}")
    if len(without) < len(rows):
        print(f"within budget: the limits{', and 2 % of what was measured' if growths else ''}")
    return True
