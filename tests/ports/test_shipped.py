#!/usr/bin/env python3
"""The model that ships comes packed for boards as well: these files are what picovae makes of it.    test_shipped.py PICOVAE"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ports"))
from harness.picovae import SHIPPED, packing_of  # noqa: E402

PICOVAE = ""


class Shipped(unittest.TestCase):
    def test_packings(self):
        for layout in "cortex-m", "mve":
            with tempfile.TemporaryDirectory() as scratch:
                packed = pathlib.Path(scratch) / packing_of(layout).name
                subprocess.run([PICOVAE, "export", SHIPPED, "--layout", layout, "--out", packed], check=True,
                               stdout=subprocess.DEVNULL)
                made = json.loads(subprocess.run([PICOVAE, "info", packed, "--json"], check=True,
                                                 stdout=subprocess.PIPE).stdout)
                kept = json.loads(packing_of(layout).with_suffix(".json").read_text())
                self.assertEqual(packing_of(layout).read_bytes(), packed.read_bytes())
                self.assertEqual({**kept, "file": None}, {**made, "file": None})


if __name__ == "__main__":
    PICOVAE = sys.argv.pop(1)
    unittest.main()
