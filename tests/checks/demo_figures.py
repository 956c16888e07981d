#!/usr/bin/env python3
"""What README.md shows of a demo is what the program prints, to the last digit.   demo_figures.py README.md OUTPUT

Every line of the first block of README.md that has "== train" must be a line of OUTPUT, a file. Not compared: headings,
"...", the folders of files, the ISA and the threads, and the seconds of an epoch. Prints each line that is missing and
exits 1."""
import pathlib
import re
import sys

EPOCH = re.compile(r"\d+( [\d.]+){7}")


def lines(text):
    for line in text.splitlines():
        line = " ".join(line.split())
        line = re.sub(r"\S*/(?=\w)", "", re.sub(r"\(\w+, \d+ threads?\)", "", line)).strip()
        if EPOCH.fullmatch(line):
            line = line.rsplit(" ", 1)[0]
        if line and line != "..." and not line.startswith("=="):
            yield line


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    readme, output = (pathlib.Path(name).read_text() for name in sys.argv[1:])
    block = next((block for block in readme.split("```\n")[1::2] if "== train" in block), None)
    if block is None:
        sys.exit(f"demo_figures.py: {sys.argv[1]} shows no demo")
    printed = set(lines(output))
    missing = [line for line in lines(block) if line not in printed]
    for line in missing:
        print(f"{sys.argv[1]} shows, and the program does not print: {line}")
    sys.exit(bool(missing))


main()
