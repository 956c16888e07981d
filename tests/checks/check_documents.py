#!/usr/bin/env python3
"""Checks every .md file of the repository: what it links to exists, so do the files that it names in `code`, and no merge
was left half done.

   check_documents.py [ROOT]      ROOT is the repository, by default this one

A name in `code` counts as a file if it starts with a top-level folder; * is a glob, BOARD or NAME any word. Files under
build/ come and go and are not looked for. Prints each offender as file:line and exits 1."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
FOLDERS = r"(engine|ports|tools|bench|tests|\.github|\.ci)"
FILE = re.compile(rf"{FOLDERS}/[\w./*-]*")
CONFLICT = re.compile(r"(<{7}|>{7}) ")
PLACEHOLDER = re.compile(r"(?<![A-Za-z])[A-Z]{3,}(?![A-Za-z]|\.md)")


def exists(name):
    return any(ROOT.glob(PLACEHOLDER.sub("*", name).rstrip("/")))


def offenders(document):
    for number, line in enumerate(document.read_text().splitlines(), 1):
        place = f"{document.relative_to(ROOT)}:{number}"
        if CONFLICT.match(line):
            yield f"{place}: a merge was left half done"
        for target in LINK.findall(line):
            path = target.split("#")[0]
            if "://" not in target and path and not (document.parent / path).exists():
                yield f"{place}: link to {target}: no such file"
        for code in CODE.findall(line):
            word = code.split()[0].removeprefix("./")
            if FILE.fullmatch(word) and not exists(word):
                yield f"{place}: `{word}`: no such file"


documents = [path for path in ROOT.rglob("*.md") if path.relative_to(ROOT).parts[0] != "build"]
if not documents:
    sys.exit(f"check_documents.py: no documents in {ROOT}")
found = [line for document in sorted(documents) for line in offenders(document)]
print("\n".join(found) if found else f"{len(documents)} documents: every link and file exists")
sys.exit(bool(found))
