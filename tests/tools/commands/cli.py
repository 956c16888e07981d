"""What the tests of the picovae program share: small data sets, and a trained model with its s8 twin."""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""


def idx_images(count, rows=28, columns=28):
    """Blurry bars and crosses: small data that a network can learn something from. Other sizes are cut
    from the middle of 28 x 28, with a dot in the last place: none is constant, which train would warn of."""
    pixels = bytearray()
    top, left = (28 - rows) // 2, (28 - columns) // 2
    for i in range(count):
        for y in range(top, top + rows):
            for x in range(left, left + columns):
                near = min(abs(x - 6 - 2 * (i % 10)), abs(y - 4 - i % 7) + 3 * (i % 2))
                pixels.append(max(0, 255 - 90 * near) if 3 < y < 25 else 0)
        if (rows, columns) != (28, 28):
            pixels[-1] = 255
    return struct.pack(">IIII", 0x803, count, rows, columns) + bytes(pixels)


def idx_labels(labels):
    return struct.pack(">II", 0x801, len(labels)) + bytes(labels)


def write_data(folder, train, test, rows=28, columns=28):
    """A data set of so many images, under the names of MNIST's files."""
    folder.mkdir(exist_ok=True)
    for split, count in (("train", train), ("t10k", test)):
        (folder / f"{split}-images-idx3-ubyte").write_bytes(idx_images(count, rows, columns))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(idx_labels([i % 10 for i in range(count)]))


def run(*arguments, env=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, **(env or {})}, timeout=300)


def isas():
    """Every ISA of the build, whether this machine has it or not."""
    return re.search(r"PICOVAE_ISA=(\S+)", run("--help").stdout).group(1).split("|")


class CliTest(unittest.TestCase):
    """Tests with a folder `root` that holds a data set and models trained on it."""

    SHAPE = ()  # options of train

    @staticmethod
    def write_data(folder):
        write_data(folder, 1200, 100)

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = cls.root = pathlib.Path(cls.folder.name)
        cls.data = root / "data"
        cls.write_data(cls.data)
        cls.f32, cls.s8 = root / "model.safetensors", root / "model.pvae"
        trained = run("train", "--data", cls.data, "--out", cls.f32, "--epochs", 2, *cls.SHAPE,
                      "--log", root / "log.csv", "--pictures", root)
        assert trained.returncode == 0, trained.stderr
        quantized = run("quantize", cls.f32, "--data", cls.data, "--out", cls.s8, "--json")
        assert quantized.returncode == 0, quantized.stderr
        cls.quantized = json.loads(quantized.stdout)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def good(self, *arguments, env=None):
        """Ends with status 0 and an empty stderr; returns stdout."""
        result = run(*arguments, env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")  # no progress bar, as there is no terminal
        return result.stdout

    def bad(self, status, *arguments, says="", env=None):
        """Fails with this status and one line, and leaves the folders as they were."""
        def files():
            return {p: p.stat().st_mtime_ns for p in self.root.rglob("*") if p.is_file()}

        before = files()
        result = run(*arguments, env=env)
        self.assertEqual(result.returncode, status, result.stderr + result.stdout)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(says, result.stderr)
        self.assertEqual(files(), before)


def main():
    """For programs whose first argument is picovae."""
    global PROGRAM
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(module="__main__", verbosity=1)
