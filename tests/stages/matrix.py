"""The signatures of one model on every target, and that they are one.

   matrix.py collect --target x86-64 --compiler "gcc 12" --model M --data DIR --out ROWS.json -- PICOVAE...
       has a picovae program (PICOVAE... may start with an emulator) sign the model with every ISA of its
       build, and encode the test set
   matrix.py show [--require-isa] ROWS.json...
       prints the matrix. Fails where two signatures differ, where a target says that its own are wrong, and
       with --require-isa where the machine lacks an ISA. Rows of ports/run.sh and
       ports/linux/run.sh --json are taken as well."""
import argparse
import json
import os
import subprocess
import sys

KEYS = ("signature", "signature_reconstruct", "signature_scores", "codes")


def collect(options):
    def ask(*arguments, isa=None):
        environment = {**os.environ, **({"PICOVAE_ISA": isa} if isa else {})}
        return json.loads(subprocess.run([*options.program, *arguments, "--json"], env=environment, check=True,
                                         stdout=subprocess.PIPE, text=True).stdout)

    rows = []
    for row in ask("self-test", options.model, "--every-isa"):
        row |= {"target": options.target, "compiler": options.compiler}
        if row["ran"]:
            row["codes"] = ask("encode", options.model, "--data", options.data, isa=row["isa"])["crc32c"]
        rows.append(row)
    with open(options.out, "w") as file:
        json.dump(rows, file, indent=1)


def show(options):
    rows = []
    for name in options.rows:
        with open(name) as file:
            rows += json.load(file)
    if not rows:
        sys.exit("matrix.py: no rows")
    print(f"{'target':14} {'compiler':14} {'isa':25} {'digits':9} {'reconstr.':9} {'scores':9} {'codes':9}")
    seen = {key: set() for key in KEYS}
    failures = []
    for row in rows:
        # A board says which core it has; its kernels are named by the board.
        target, isa = (row["core"], row["board"]) if "board" in row else (row["target"], row["isa"])
        if "processor" in row:
            isa += " " + row["processor"]
        name = f"{target} {row['compiler']} {isa}"
        if not row.get("ran", True):
            print(f"{target:14} {row['compiler']:14} {isa:25} not run: this machine lacks it")
            if options.require_isa:
                failures.append(f"{name}: this machine lacks it (--require-isa)")
            continue
        for key in KEYS:
            if key in row:
                seen[key].add(row[key])
        if not row["ok"]:
            failures.append(f"{name}: not as the model says")
        print(f"{target:14} {row['compiler']:14} {isa:25} "
              + " ".join(f"{row.get(key, '-'):9}" for key in KEYS) + ("" if row["ok"] else "  WRONG"))
    failures += [f"{key} differs: {', '.join(sorted(values))}" for key, values in seen.items() if len(values) > 1]
    for failure in failures:
        print(f"matrix.py: {failure}", file=sys.stderr)
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    collecting = commands.add_parser("collect")
    for option in ("target", "compiler", "model", "data", "out"):
        collecting.add_argument(f"--{option}", required=True)
    collecting.add_argument("program", nargs="+")
    collecting.set_defaults(run=collect)
    showing = commands.add_parser("show")
    showing.add_argument("--require-isa", action="store_true")
    showing.add_argument("rows", nargs="+")
    showing.set_defaults(run=show)
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
