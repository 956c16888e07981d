"""Figures of trainings, a line of JSON each in results.jsonl of a folder: none is made twice, and a run may be broken
off at any time."""
import json
import pathlib


class Trainings:
    """key: what tells a row from the others."""

    def __init__(self, folder, key):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file = self.folder / "results.jsonl"
        self._key = key
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        self._rows = {key(row): row for row in map(json.loads, lines)}

    def find(self, row):
        """The row with its figures, None if there are none yet."""
        return self._rows.get(self._key(row))

    def add(self, row):
        with open(self._file, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self._rows[self._key(row)] = row
