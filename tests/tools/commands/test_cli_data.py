#!/usr/bin/env python3
"""picovae on data as people have it: arrays that NumPy saved, folders of PNG, torchvision's folders.
   test_cli_data.py PICOVAE"""

import gzip
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import tempfile
import unittest
import zipfile
import zlib

import cli
from cli import idx_images, idx_labels, run

try:
    import numpy
except ImportError:
    numpy = None

SIDE, TRAIN, TEST = 8, 120, 30


def png(pixels, side):
    """An 8-bit gray PNG."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + pixels[i:i + side] for i in range(0, side * side, side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def npy_header(kind, shape):
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text


def images(count, side=SIDE):
    return idx_images(count, side, side)[16:]


class Data(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.idx = self.root / "idx"
        cli.write_data(self.idx, TRAIN, TEST, SIDE, SIDE)
        self.models = 0

    def tearDown(self):
        self.folder.cleanup()

    def good(self, *arguments, says=""):
        """Ends with status 0; `says` is in each line of stderr, of which there are none without."""
        result = run(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(bool(lines), bool(says), result.stderr)
        for line in lines:
            self.assertIn(says, line)
        return result.stdout

    def bad(self, *arguments, says):
        result = run(*arguments)
        self.assertEqual(result.returncode, 1, result.stderr + result.stdout)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(says, result.stderr)

    def trained(self, data, *options, says=""):
        """The bytes of a small model."""
        self.models += 1
        out = self.root / f"{self.models}.safetensors"
        self.good("train", "--data", data, "--out", out, "--epochs", 1, "--batch", 20, "--threads", 1, *options,
                  *(() if "--shape" in options else ("--hidden", "9,8", "--latent", 4)), says=says)
        return out.read_bytes()

    def arrays(self):
        x = numpy.frombuffer(images(TRAIN), numpy.uint8).reshape(-1, SIDE, SIDE)
        y = numpy.arange(TRAIN) % 10, numpy.arange(TEST) % 10
        return {"x_train": x, "y_train": y[0], "x_test": x[:TEST], "y_test": y[1]}

    @unittest.skipIf(numpy is None, "no NumPy")
    def test_arrays_give_the_models_that_idx_files_give(self):
        expected = self.trained(self.idx)
        arrays = self.arrays()
        numpy.savez(self.root / "keras.npz", **arrays)
        self.assertEqual(self.trained(self.root / "keras.npz"), expected)
        numpy.savez_compressed(self.root / "packed.npz", **arrays)
        self.assertEqual(self.trained(self.root / "packed.npz"), expected)
        medical = ("train_images", "train_labels", "test_images", "test_labels")
        numpy.savez(self.root / "medical.npz", **dict(zip(medical, (
            arrays["x_train"], arrays["y_train"][:, None], arrays["x_test"], arrays["y_test"][:, None]))))
        self.assertEqual(self.trained(self.root / "medical.npz"), expected)
        for name, change in (
                ("flat", lambda x: x.reshape(-1, SIDE * SIDE)),
                ("channel", lambda x: x[:, None]),
                ("channel_last", lambda x: x[..., None]),
                ("fortran", numpy.asfortranarray),
                ("long", lambda x: x.astype(">i8"))):
            with self.subTest(name):
                folder = self.root / name
                folder.mkdir()
                for key, array in arrays.items():
                    numpy.save(folder / key, change(array) if key[0] == "x" else array.astype("<i4"))
                self.assertEqual(self.trained(folder), expected)
        for scale, white in ((1, "255 is taken for white"), (1 / 255, "; 1 is taken for white")):
            for kind in ("f4", "f8"):
                numpy.savez(self.root / "float.npz",
                            **{k: (a * scale).astype(kind) if k[0] == "x" else a for k, a in arrays.items()})
                self.assertEqual(self.trained(self.root / "float.npz", says=white), expected)

    @unittest.skipIf(numpy is None, "no NumPy")
    def test_one_array(self):
        arrays = self.arrays()
        one = self.root / "x.npy"
        numpy.save(one, arrays["x_train"])
        out = ("--out", self.root / "none.safetensors")
        self.bad("train", "--data", one, *out, says="no test images; --validation N holds out")
        model = self.trained(one, "--validation", 20)
        numpy.savez(self.root / "one.npz", arrays["x_train"])
        self.assertEqual(self.trained(self.root / "one.npz", "--validation", 20), model)
        f32 = self.root / "1.safetensors"
        self.assertIn(f"{TRAIN} test images", self.good("eval", f32, "--data", one))
        self.bad("classes", f32, "--data", one, "--out", self.root / "none", says="has no labels")
        numpy.save(self.root / "y.npy", arrays["y_train"])
        self.good("classes", f32, "--data", one, "--out", self.root / "classes.safetensors")
        self.good("score", f32, "--data", one, "--against", self.root / "one.npz", "--false-alarms", 0.1)
        for wrong, says in (({"a": arrays["x_train"], "b": arrays["x_test"]}, "its arrays are a, b"),
                            ({"x_train": arrays["x_train"] - 300.0}, "values from -300 to"),
                            ({"x_train": arrays["x_train"].astype(object)}, "type |O"),
                            ({"x_train": numpy.zeros((4, 8, 8, 3))}, "has the shape (4, 8, 8, 3)")):
            numpy.savez(self.root / "wrong.npz", **wrong)
            self.bad("train", "--data", self.root / "wrong.npz", "--validation", 2, *out, says=says)
        whole = (self.root / "one.npz").read_bytes()
        (self.root / "cut.npz").write_bytes(whole[:-30])
        self.bad("eval", f32, "--data", self.root / "cut.npz", says="cannot be read as .npz")

    def save_pictures(self, folder, count, side=SIDE):
        pixels = images(count, side)
        for i in range(count):
            path = folder / str(i % 10) / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(pixels[i * side * side:(i + 1) * side * side], side))

    def test_pictures(self):
        halves = self.root / "halves"
        self.save_pictures(halves / "train", TRAIN)
        self.save_pictures(halves / "test", TEST)
        self.trained(halves)
        f32, s8 = self.root / "1.safetensors", self.root / "1.pvae"
        self.good("quantize", f32, "--data", halves, "--out", s8)
        self.assertIn(f"{TEST} test images", self.good("eval", s8, "--data", halves))
        codes = self.root / "codes.csv"
        self.good("encode", s8, "--data", halves, "--out", codes)
        labels = [line.split(",")[0] for line in codes.read_text().splitlines()[1:]]
        self.assertEqual(sorted(labels), sorted(str(i % 10) for i in range(TEST)))
        self.bad("eval", s8, "--data", halves / "test" / "0" / "0.png", says="is one picture")
        # Larger ones become as large as the model's, with a line that says so.
        photos = self.root / "photos"
        self.save_pictures(photos, TRAIN, 2 * SIDE)
        self.assertIn(f"{TRAIN} test images", self.good("eval", s8, "--data", photos, says="brought to 8 x 8 pixels"))
        self.trained(photos, "--validation", 20, "--shape", "36-9-8-4", says="brought to 6 x 6 pixels")
        self.trained(photos, "--validation", 20)  # as large as they are
        (photos / "3" / "notes.txt").write_text("")
        (photos / "3" / "x.jpg").write_text("")
        self.assertIn("2 files left out", run("eval", s8, "--data", photos).stderr)
        (photos / "3" / "odd.png").write_bytes(b"no picture")
        result = run("eval", s8, "--data", photos)
        self.assertEqual(result.returncode, 1)
        self.assertIn("odd.png: cannot be read as PNG", result.stderr)

    def test_torchvision_and_emnist(self):
        raw = self.root / "torch" / "MNIST" / "raw"
        raw.parent.mkdir(parents=True)
        cli.write_data(raw, TRAIN, TEST, SIDE, SIDE)
        expected = self.trained(self.idx)
        for data in (self.root / "torch", raw.parent, raw):
            self.assertEqual(self.trained(data), expected)
        emnist = self.root / "emnist" / "gzip"
        emnist.mkdir(parents=True)
        for half, count in (("train", TRAIN), ("test", TEST)):
            turned = bytearray()
            for i in range(count):
                image = images(count)[i * 64:(i + 1) * 64]
                turned += bytes(image[SIDE * (k % SIDE) + k // SIDE] for k in range(64))
            start = emnist / f"emnist-letters-{half}"
            pathlib.Path(f"{start}-images-idx3-ubyte.gz").write_bytes(
                gzip.compress(struct.pack(">IIII", 0x803, count, SIDE, SIDE) + turned))
            pathlib.Path(f"{start}-labels-idx1-ubyte.gz").write_bytes(
                gzip.compress(idx_labels([i % 10 for i in range(count)])))
        self.assertNotEqual(self.trained(emnist, says="sideways"), expected)
        upright = self.root / "upright"
        self.good("convert", emnist.parent, "--transpose", "--out", upright, says="sideways")
        self.assertEqual(self.trained(upright), expected)

    def files(self, folder):
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def test_convert(self):
        out = self.root / "out"
        said = self.good("convert", self.idx, "--out", out)
        self.assertIn(f"{TRAIN} training and {TEST} test images of 8 x 8 pixels, with labels", said)
        self.assertEqual(self.files(out), self.files(self.idx))
        self.bad("convert", self.idx, "--out", out, says="not an empty folder")
        inverted = self.root / "inverted"
        self.good("convert", self.idx, "--out", inverted, "--invert", "--size", "10x4")
        whole = (inverted / "train-images-idx3-ubyte").read_bytes()
        self.assertEqual(struct.unpack(">IIII", whole[:16]), (0x803, TRAIN, 4, 10))
        self.assertEqual(whole[16], 255)  # black beside it, before it is inverted
        photos = self.root / "photos"
        for name, side in (("cat", SIDE), ("dog", 2 * SIDE)):
            self.save_pictures(photos / name, 20, side)
        converted = self.root / "converted"
        self.bad("convert", photos, "--out", converted, says="--size brings all to one size")
        self.assertFalse(converted.exists())
        said = self.good("convert", photos, "--size", "6x6", "--test", 15, "--out", converted, says="brought to 6 x 6")
        self.assertIn("25 training and 15 test images of 6 x 6 pixels, with labels", said)
        self.assertIn("label 1: dog", said)
        test = (converted / "t10k-labels-idx1-ubyte").read_bytes()[8:]
        self.assertEqual(set(test), {0, 1})
        self.trained(converted)
        self.bad("convert", self.idx, "--test", 3, "--out", self.root / "none", says="has test images already")
        self.assertEqual(run("convert", photos, "--size", "6", "--out", self.root / "none").returncode, 2)
        (self.idx / "train-labels-idx1-ubyte").unlink()
        unlabeled = self.root / "unlabeled"
        self.good("convert", self.idx, "--out", unlabeled)
        self.assertEqual(self.files(unlabeled), self.files(self.idx))



class Memory(unittest.TestCase):
    """A data set of 100 MB, blank and so small on the disk."""
    COUNT = 133_000
    BYTES = COUNT * 784

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        cls.idx, cls.npy, cls.npz = (cls.root / name for name in ("x.idx", "x.npy", "x.npz"))
        for path, header in ((cls.idx, idx_images(0)[:4] + struct.pack(">III", cls.COUNT, 28, 28)),
                             (cls.npy, npy_header("|u1", (cls.COUNT, 28, 28)))):
            with path.open("wb") as file:
                file.write(header)
                file.truncate(len(header) + cls.BYTES)
        with cls.npy.open("r+b") as file:  # a value that is neither 0 nor 1
            file.seek(-1, 2)
            file.write(b"\xff")
        with zipfile.ZipFile(cls.npz, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(cls.npy, "images.npy")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def peak(self, *arguments):
        """Bytes of memory that the program took at most."""
        process = subprocess.Popen([cli.PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss * 1024

    def test_nothing_is_held_twice(self):
        little = self.peak("--version")
        for source in (self.idx, self.npy, self.npz):
            with self.subTest(source.name):
                out = self.root / f"from {source.name}"
                self.assertLess(self.peak("convert", source, "--out", out) - little, 1.25 * self.BYTES)
                shutil.rmtree(out)

    def test_too_little_memory_is_said(self):
        """Of what, and how much."""
        def limited(limit, *arguments):
            def limit_memory():
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            return subprocess.run([cli.PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                                  preexec_fn=limit_memory)

        if limited(self.BYTES, "--version").returncode != 0:
            self.skipTest("a sanitizer wants more")
        for source, says in ((self.idx, f"x.idx: wants {self.BYTES} bytes of memory"),
                             (self.npy, f"x.npy: wants {self.BYTES + 129} bytes of memory"),
                             (self.npz, f"x.npz: wants {self.BYTES + 128} bytes of memory")):
            with self.subTest(source.name):
                result = limited(self.BYTES, "convert", source, "--out", self.root / "none")
                self.assertEqual(result.returncode, 1)
                self.assertIn(says, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1)


if __name__ == "__main__":
    cli.main()
