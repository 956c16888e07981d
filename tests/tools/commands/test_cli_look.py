"""picovae data says what a data set is like and what is wrong with it, and train says it in one line.
   test_cli_look.py PROGRAM"""

import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import cli
from cli import idx_images, idx_labels, run


def change(folder, half, function):
    """Rewrites the pixels of one half."""
    path = folder / f"{half}-images-idx3-ubyte"
    whole = path.read_bytes()
    path.write_bytes(whole[:16] + bytes(function(pixel) for pixel in whole[16:]))


class Data(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.data = self.root / "data"
        cli.write_data(self.data, 120, 40)
        self.addCleanup(self.folder.cleanup)

    def good(self, *arguments):
        result = run(*arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def look(self, *arguments):
        return json.loads(self.good("data", self.data, "--json", *arguments))

    def warnings(self):
        return [(warning["split"], warning["name"]) for warning in self.look()["warnings"]]

    def test_figures(self):
        told = self.look()
        train, test = told["train"], told["test"]
        self.assertEqual((train["images"], test["images"]), (120, 40))
        self.assertEqual((train["rows"], train["columns"]), (28, 28))
        self.assertEqual(train["labels"], {str(label): 12 for label in range(10)})
        self.assertEqual((train["least"], train["greatest"], train["constant"]), (0, 255, 0))
        pixels = idx_images(120)[16:]
        self.assertAlmostEqual(train["mean"], sum(pixels) / len(pixels))
        self.assertEqual(train["never_lit"],
                         sum(not any(pixels[place::784]) for place in range(784)))
        self.assertAlmostEqual(sum(train["histogram"]), 1)
        self.assertEqual(train["histogram"][15], sum(pixel >= 240 for pixel in pixels) / len(pixels))
        # The images come again: the test images are the first training images.
        for half, count in (train, 120), (test, 40):
            images = idx_images(count)[16:]
            self.assertEqual(half["repeated"], count - len({images[784 * i:784 * i + 784] for i in range(count)}))
        self.assertEqual(told["known"], 40)
        self.assertEqual(self.warnings(), [("train", "repeated"), ("test", "repeated"), ("test", "known")])

    def test_text(self):
        text = self.good("data", self.data)
        self.assertTrue(text.startswith(f"{self.data}: images of 28 x 28 = 784 pixels\n"))
        for row in (r"images +120 +40\n", r"label 9 +12 +4\n", r"equal to training images +40\n",
                    r"greatest +255 +255\n", r"  0 to  15   79.9 %  #{24}   79.9 %  #{24}\n",
                    r"240 to 255    4.4 %  ## +4.4 %  ##\n"):
            self.assertRegex(text, row)
        for line in text.splitlines()[1:]:
            self.assertEqual(line, line.rstrip())
            self.assertTrue(len(line) < 100 or line.startswith("warning: "), line)
        self.assertIn("\nwarning: test: 40 of 40 images are training images as well: leave", text)

    def test_one_half(self):
        for file in self.data.glob("t10k-*"):
            file.unlink()
        told = self.look()
        self.assertNotIn("test", told)
        self.assertNotIn("known", told)
        self.assertIn(("train", "no_test"), self.warnings())
        self.assertIn("give --validation 20 to", self.good("data", self.data))

    def test_without_labels(self):
        for file in self.data.glob("*-labels-*"):
            file.unlink()
        self.assertEqual(self.look()["train"]["labels"], {})
        self.assertIn("\n  no labels\n", self.good("data", self.data))

    def test_names_of_labels(self):
        photos = self.root / "photos"
        for i, name in enumerate(("cats", "cats", "dogs")):
            (photos / name).mkdir(parents=True, exist_ok=True)
            self.good("data", self.data, "--out", photos / name / f"{i}.png")
        text = self.good("data", photos)
        self.assertRegex(text, r"\n  label 0 cats +2\n  label 1 dogs +1\n")
        told = json.loads(self.good("data", photos, "--json"))
        self.assertEqual((told["label_names"], told["train"]["labels"]), (["cats", "dogs"], {"0": 2, "1": 1}))
        self.assertNotIn("label_names", self.look())
        self.assertEqual([warning["name"] for warning in told["warnings"]], ["repeated", "never_lit", "pixels", "no_test"])

    def test_what_cannot_be_read(self):
        (self.data / "t10k-labels-idx1-ubyte").write_bytes(idx_labels([1, 2]))
        (self.root / "empty").mkdir()
        for data, says in ((self.data, "2 labels for the 40 images"), (self.root / "missing", "no such file or folder"),
                           (self.root / "empty", "holds no data set")):
            result = run("data", data)
            self.assertEqual((result.returncode, result.stdout, result.stderr.count("\n")), (1, "", 1))
            self.assertIn(says, result.stderr)

    def test_a_contact_sheet(self):
        sheet = self.root / "sheet.png"
        self.assertIn(f"\n{sheet}: images of the train half, a row a label\n",
                      self.good("data", self.data, "--out", sheet))
        png = sheet.read_bytes()
        self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
        # Ten by ten, twice as large, with margins of two.
        side = 10 * (2 * 28 + 2) + 2
        self.assertEqual(png[16:24], 2 * side.to_bytes(4, "big"))
        self.assertEqual(self.look("--out", sheet)["sheet"], str(sheet))
        result = run("data", self.data, "--out", self.data / "train-images-idx3-ubyte")
        self.assertEqual(result.returncode, 2)
        self.assertIn("the same file", result.stderr)

    def test_ascii(self):
        text = self.good("data", self.data, "--ascii")
        self.assertGreater(text.index(str(self.data)), 10 * 14 * 28)
        self.assertIn("@", text)
        self.assertEqual(run("data", self.data, "--ascii", "--json").returncode, 2)

    def test_train_says_it_in_one_line(self):
        train = ("train", "--data", self.data, "--out", self.root / "model.safetensors", "--epochs", 1,
                 "--hidden", "8,8", "--latent", 2)
        self.assertNotIn("picovae data", run(*train).stderr)
        for fault, function in (("the brightest pixel is 1 of 255", lambda pixel: pixel > 100),
                                ("the background is bright", lambda pixel: 255 - pixel),
                                ("120 of 120 images are of one brightness", lambda pixel: 140)):
            change(self.data, "train", function)
            result = run(*train)
            self.assertEqual(result.returncode, 0)
            line = result.stderr.splitlines()[0]
            self.assertIn(fault, line)
            self.assertTrue(line.endswith(f"picovae data {self.data}"), line)
            self.assertEqual(result.stderr.count("picovae data"), 1, result.stderr)
            cli.write_data(self.data, 120, 40)


if __name__ == "__main__":
    cli.main()
