"""picovae score on windows of a vibration sensor: a machine that runs well, and three that do not.
   test_cli_score.py PROGRAM"""

import json
import math
import pathlib
import random
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import cli
from cli import run

BANDS = 64


def window(dice, fault=None):
    """The spectrum of one window, in decibels as u8: 64 bands up to the 16th harmonic of the shaft."""
    speed = dice.uniform(0.9, 1.1)
    harmonics = {1: 1.0, 2: 0.5, 3: 0.3, 4: 0.2, 5: 0.12}
    if fault == "imbalance":  # the shaft's own frequency
        harmonics[1] = 3.0
    if fault == "looseness":  # between the harmonics
        harmonics |= {0.5: 0.5, 1.5: 0.4, 2.5: 0.3}
    bands = []
    for band in range(BANDS):
        power = 0.002 * dice.uniform(0.5, 1.5)
        for harmonic, height in harmonics.items():
            distance = (band + 0.5) / 4 - harmonic * speed
            power += (height * math.exp(-8 * distance * distance)) ** 2
        if fault == "bearing":  # a resonance that the rolling elements ring
            power += 0.05 * math.exp(-((band - 44) / 5) ** 2)
        bands.append(max(0, min(255, round(255 / 45 * (10 * math.log10(power) + 32)))))
    return bytes(bands)


def windows(count, seed, fault=None):
    dice = random.Random(seed)
    return struct.pack(">IIII", 0x803, count, 1, BANDS) + b"".join(window(dice, fault) for _ in range(count))


class Scores(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = cls.root = pathlib.Path(cls.folder.name)
        cls.data = root / "data"
        cls.data.mkdir()
        for split, count, seed in (("train", 3000, 1), ("t10k", 1000, 2)):
            (cls.data / f"{split}-images-idx3-ubyte").write_bytes(windows(count, seed))
            (cls.data / f"{split}-labels-idx1-ubyte").write_bytes(cli.idx_labels([0] * count))
        for fault in ("imbalance", "bearing", "looseness"):
            (root / f"{fault}.idx").write_bytes(windows(500, 3, fault))
        (root / "more.idx").write_bytes(windows(2000, 4))
        cls.f32, cls.s8 = root / "model.safetensors", root / "model.pvae"
        for command in (("train", "--data", cls.data, "--out", cls.f32, "--hidden", "32,16", "--latent", 6,
                         "--epochs", 30),
                        ("quantize", cls.f32, "--data", cls.data, "--out", cls.s8)):
            done = run(*command)
            assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def score(self, model, *arguments):
        result = run("score", model, "--data", self.data, *arguments, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def figures(self, model, against):
        return {f["name"]: f["auroc"] for f in self.score(model, "--against", against)["figures"]}

    def test_faults_are_told_from_normal_by_integers_as_by_f32(self):
        for fault in ("imbalance", "bearing", "looseness"):
            f32, s8 = (self.figures(model, self.root / f"{fault}.idx") for model in (self.f32, self.s8))
            self.assertGreater(max(s8["excess"], s8["neg_elbo"]), 0.97, fault)
            for figure in f32:
                self.assertLess(abs(f32[figure] - s8[figure]), 0.01, (fault, figure))

    def test_a_threshold_gives_its_rate_of_false_alarms(self):
        for rate in (0.01, 0.05):
            scores = self.score(self.s8, "--false-alarms", rate, "--against", self.root / "more.idx")
            self.assertLessEqual(scores["false_alarms"], rate)
            self.assertGreater(scores["false_alarms"], rate - 0.0011)
            # Of 2,000 held-out windows, within three standard deviations of both samples.
            spread = 3 * math.sqrt(rate * (1 - rate) * (1 / 1000 + 1 / 2000))
            self.assertLess(abs(scores["against"]["found"] - rate), spread)

    def test_what_is_printed_and_written(self):
        table = self.root / "scores.csv"
        result = run("score", self.s8, "--data", self.data, "--against", self.root / "bearing.idx", "--csv", table)
        self.assertEqual(result.returncode, 0, result.stderr)
        for part in ("AUROC", "excess", "abnormal if excess > ", " on a device", "bearing.idx: 500 images"):
            self.assertIn(part, result.stdout)
        lines = table.read_text().splitlines()
        self.assertEqual(lines[0], "set,reconstruction,kl,entropy,squares,neg_elbo,excess")
        self.assertEqual(sum(line.startswith("normal,") for line in lines), 1000)
        self.assertEqual(sum(line.startswith("against,") for line in lines), 500)
        reconstruction, kl, _, _, neg_elbo, _ = map(float, lines[1].split(",")[1:])
        self.assertAlmostEqual(reconstruction + kl, neg_elbo)
        self.assertEqual((reconstruction * 256) % 1, 0)

    def test_no_image_is_overwritten(self):
        images = self.data / "t10k-images-idx3-ubyte"
        for arguments in (("--csv", images), ("--against", self.data, "--csv", images),
                          ("--against", images, "--csv", images), ("--csv", self.s8)):
            before = images.read_bytes()
            result = run("score", self.s8, "--data", self.data, *arguments)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertEqual(images.read_bytes(), before)
        result = run("score", self.s8, "--data", images, "--csv", images)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(images.read_bytes(), before)

    def test_what_is_refused(self):
        for arguments, status, says in (
                (("--false-alarms", 0.0001), 1, "less than one of 1000 images; give at least 0.001"),
                (("--false-alarms", 0), 2, "--false-alarms"),
                (("--figure", "beauty"), 2, "--figure"),
                (("--against", self.root / "nothing.idx"), 1, "nothing.idx")):
            result = run("score", self.s8, "--data", self.data, *arguments)
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertIn(says, result.stderr)
        decoder = self.root / "decoder.pvae"
        run("export", self.s8, "--layout", "host", "--decoder-only", "--out", decoder)
        result = run("score", decoder, "--data", self.data)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no encoder", result.stderr)
        cli.write_data(self.root / "other", 20, 20)
        result = run("score", self.s8, "--data", self.data, "--against", self.root / "other")
        self.assertEqual(result.returncode, 1)
        self.assertIn("784", result.stderr)


if __name__ == "__main__":
    cli.main()
