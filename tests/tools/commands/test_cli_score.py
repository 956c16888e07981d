"""picovae score on windows of a vibration sensor: a machine that runs well, and three that do not.
   test_cli_score.py PROGRAM"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "ports"))
import cli
from cli import run
from harness.vibration import FAULTS, idx, windows, write_all


class Scores(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = cls.root = pathlib.Path(cls.folder.name)
        cls.data = root / "data"
        write_all(cls.data)
        (root / "more.idx").write_bytes(idx(windows(2000, seed=4)))
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
        data = () if "--data" in arguments else ("--data", self.data)
        result = run("score", model, *data, *arguments, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def figures(self, model, against):
        return {f["name"]: f["auroc"] for f in self.score(model, "--against", against)["figures"]}

    def test_faults_are_told_from_normal_by_integers_as_by_f32(self):
        for fault in FAULTS:
            f32, s8 = (self.figures(model, self.data / f"{fault}.idx") for model in (self.f32, self.s8))
            self.assertGreater(max(s8["excess"], s8["neg_elbo"]), 0.97, fault)
            for figure in f32:
                self.assertLess(abs(f32[figure] - s8[figure]), 0.01, (fault, figure))

    def test_no_band_is_left_out_that_is_lit(self):
        """All are: what an abnormal window has may be in a band that costs normal ones nothing."""
        trained, model = self.root / "beta.safetensors", self.root / "beta.pvae"
        for command in (("train", "--data", self.data, "--out", trained, "--hidden", "32,16", "--latent", 6, "--beta",
                         0.1), ("quantize", trained, "--data", self.data, "--out", model)):
            result = run(*command)
            self.assertEqual(result.returncode, 0, result.stderr)
        for fault in FAULTS:
            self.assertGreater(self.figures(model, self.data / f"{fault}.idx")["squares"], 0.99, fault)

    def test_a_threshold_gives_its_rate_of_false_alarms(self):
        for rate in (0.01, 0.05):
            scores = self.score(self.s8, "--false-alarms", rate, "--against", self.root / "more.idx")
            self.assertLessEqual(scores["false_alarms"], rate)
            self.assertGreater(scores["false_alarms"], rate - 0.0011)
            # Of 2,000 held-out windows, within three standard deviations of both samples.
            spread = 3 * math.sqrt(rate * (1 - rate) * (1 / 1000 + 1 / 2000))
            self.assertLess(abs(scores["against"]["found"] - rate), spread)

    def info(self, model):
        result = run("info", model, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def keep(self, model, out, *arguments, data=None):
        result = run("score", model, "--data", data or self.data, "--keep", out, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return out

    def device_scores(self, data):
        """What a device has of each image: its figures in 1/256 nat, and squares."""
        table = self.root / "device.csv"
        self.score(self.s8, "--data", data, "--csv", table)
        rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
        units = {"excess": (6, 256), "neg_elbo": (5, 256), "squares": (4, 1)}
        return {figure: sorted(round(float(row[column]) * unit) for row in rows)
                for figure, (column, unit) in units.items()}

    def test_thresholds_are_quantiles_of_what_a_device_scores(self):
        kept = self.keep(self.s8, self.root / "kept.pvae")
        thresholds = self.info(kept)["thresholds"]
        self.assertEqual(thresholds["images"], 1000)
        self.assertEqual(thresholds["per_mille"],
                         [1, 10, 50, 100, 250, 500, 750, 900, 950, 980, 990, 995, 998, 999, 1000])
        for figure, scores in self.device_scores(self.data).items():
            self.assertEqual(thresholds[figure], [scores[level - 1] for level in thresholds["per_mille"]], figure)

    def test_thresholds_give_their_rates_on_held_out_windows(self):
        thresholds = self.info(self.keep(self.s8, self.root / "kept.pvae"))["thresholds"]
        for figure, scores in self.device_scores(self.root / "more.idx").items():
            for level, threshold in zip(thresholds["per_mille"], thresholds[figure]):
                wanted = 1 - level / 1000
                found = sum(score > threshold for score in scores) / len(scores)
                # Within four standard deviations of both samples, and an image of each.
                spread = 4 * math.sqrt(wanted * (1 - wanted) * (1 / 1000 + 1 / 2000)) + 1 / 1000 + 1 / 2000
                self.assertLess(abs(found - wanted), spread, (figure, level))

    def test_thresholds_in_the_model_itself_or_in_another_file(self):
        before = self.s8.read_bytes()
        other = self.keep(self.s8, self.root / "other.pvae")
        self.assertEqual(self.s8.read_bytes(), before)
        itself = self.root / "itself.pvae"
        itself.write_bytes(before)
        self.keep(itself, itself)
        self.assertEqual(itself.read_bytes(), other.read_bytes())
        self.keep(itself, itself)  # again: nothing grows
        self.assertEqual(itself.read_bytes(), other.read_bytes())

        old, new = self.info(self.s8), self.info(other)
        self.assertIsNone(old["thresholds"])
        for same in ("model_id", "signature", "signature_scores", "classes", "dead_inputs", "dead_outputs", "shape"):
            self.assertEqual(old[same], new[same])
        self.assertEqual(run("self-test", other).returncode, 0)
        printed = run("info", other).stdout
        self.assertIn("999 in 1,000 of 1000 images", printed)
        self.assertNotIn("999 in 1,000", run("info", self.s8).stdout)
        scores = [self.score(model) for model in (self.s8, other)]
        self.assertEqual(*scores)  # thresholds change no score

        # Those of other windows replace them.
        self.keep(itself, itself, data=self.root / "more.idx")
        self.assertEqual(self.info(itself)["thresholds"]["images"], 2000)
        self.assertNotEqual(self.info(itself)["thresholds"]["excess"], new["thresholds"]["excess"])

    def test_thresholds_on_standard_output(self):
        other = self.keep(self.s8, self.root / "other.pvae")
        piped = subprocess.run([cli.PROGRAM, "score", self.s8, "--data", self.data, "--keep", "-", "--json"],
                               capture_output=True, timeout=300)
        self.assertEqual(piped.returncode, 0, piped.stderr)
        self.assertEqual(piped.stdout, other.read_bytes())
        self.assertEqual(json.loads(piped.stderr), self.score(self.s8))

    def test_thresholds_stay_with_the_model(self):
        kept = self.keep(self.s8, self.root / "kept.pvae")
        wanted = self.info(kept)["thresholds"]
        board = self.root / "board.pvae"
        for layout in ("host", "cortex-m", "mve"):
            self.assertEqual(run("export", kept, "--layout", layout, "--out", board).returncode, 0)
            self.assertEqual(self.info(board)["thresholds"], wanted)
        self.assertEqual(run("export", kept, "--layout", "cortex-m", "--decoder-only", "--out", board).returncode, 0)
        self.assertIsNone(self.info(board)["thresholds"])

    def test_models_that_keep_no_thresholds(self):
        half = self.root / "half.pvae"
        self.assertEqual(run("quantize", self.f32, "--data", self.data, "--type", "f16", "--out", half).returncode, 0)
        decoder = self.root / "only.pvae"
        self.assertEqual(run("export", self.s8, "--layout", "host", "--decoder-only", "--out", decoder).returncode, 0)
        for model, says in ((self.f32, "is an f32 model; --keep is for s8 models"),
                            (half, "is an f16 model; --keep is for s8 models"), (decoder, "no encoder")):
            out, before = self.root / "none.pvae", model.read_bytes()
            for keep in (out, model):
                result = run("score", model, "--data", self.data, "--keep", keep)
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertIn(says, result.stderr)
            self.assertFalse(out.exists())
            self.assertEqual(model.read_bytes(), before)

    def test_a_model_is_kept_over_no_other_file(self):
        images, table = self.data / "t10k-images-idx3-ubyte", self.root / "scores.csv"
        for arguments in (("--keep", images), ("--keep", table, "--csv", table),
                          ("--keep", self.data / "bearing.idx", "--against", self.data / "bearing.idx")):
            result = run("score", self.s8, "--data", self.data, *arguments)
            self.assertEqual(result.returncode, 2, result.stderr)
        self.assertFalse(table.exists() and b"PVAE" == table.read_bytes()[:4])
        result = run("score", self.s8, "--data", self.data, "--keep", self.root / "missing" / "x.pvae")
        self.assertEqual(result.returncode, 1, result.stderr)

    def test_what_is_printed_and_written(self):
        table = self.root / "scores.csv"
        result = run("score", self.s8, "--data", self.data, "--against", self.data / "bearing.idx", "--csv", table)
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
