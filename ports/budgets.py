"""Compares a table of ports/run.sh with ports/budgets.json.

   budgets.py TABLE.json --shape P,H1,H2,L --parts full|decoder --compiler "gcc 12.2.1" [--update]

A budget has two sides. `limits` are promises: no compiler may exceed them. `measured` are the figures of
the compiler named there: with that one, growth beyond 2 % fails, so that it is noticed and not drifted
into. --update takes the table's figures as measured, once it keeps to the limits."""
import argparse
import json
import pathlib
import sys

WATCHED = ("decode_instructions", "encode_instructions", "open_instructions", "verify_instructions",
           "self_test_instructions", "flash_code", "flash_model", "ram", "stack")
GROWTH = 1.02


def excesses(row, limits, measured):
    """Lines about the figures of a board that are larger than they may be."""
    for key in WATCHED:
        if key not in row:
            continue
        if row[key] > limits.get(key, row[key]):
            yield f"{row['board']}: {key} is {row[key]}, the budget {limits[key]}"
        elif row[key] > measured.get(key, row[key]) * GROWTH:
            yield f"{row['board']}: {key} grew from {measured[key]} to {row[key]}, by more than 2 %"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("--shape", required=True)
    parser.add_argument("--parts", required=True, choices=("full", "decoder"))
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--budgets", type=pathlib.Path, default=pathlib.Path(__file__).with_name("budgets.json"))
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()

    budgets = json.loads(options.budgets.read_text())
    rows = json.loads(options.table.read_text())
    if options.shape != budgets["shape"]:
        print(f"no budgets for shape {options.shape}")
        return 0
    limits = budgets["limits"][options.parts]
    measured = budgets["measured"][options.parts]
    same_compiler = options.compiler == budgets["compiler"] and not options.update
    found = [line for row in rows
             for line in excesses(row, limits.get(row["board"], {}),
                                  measured.get(row["board"], {}) if same_compiler else {})]
    for line in found:
        print(f"budgets: {line}", file=sys.stderr)
    if found:
        return 1
    if options.update:
        budgets["compiler"] = options.compiler
        for row in rows:
            measured[row["board"]] = {key: row[key] for key in WATCHED if key in row}
        options.budgets.write_text(json.dumps(budgets, indent=2) + "\n")
    print(f"within budget: the limits{', and 2 % of what was measured' if same_compiler else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
