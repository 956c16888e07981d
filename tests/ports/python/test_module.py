"""import picovae: the bits of the picovae program, errors that say what is wanted, threads, no leaks.
   test_module.py PROGRAM MODULE_FOLDER"""

import ast
import gc
import pathlib
import re
import sys
import threading
import time
import tracemalloc
import unittest

import numpy as np

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [sys.argv.pop(2), str(ROOT / "tests" / "tools" / "commands")]
import cli
import picovae

SHIPPED = ROOT / "engine" / "models" / "mnist_s8.pvae"
PYTHON = ROOT / "ports" / "python"


def read_idx(path):
    content = path.read_bytes()
    shape = [int.from_bytes(content[4 + 4 * i:8 + 4 * i], "big") for i in range(content[3])]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def pairs_of(picture, count, size, margin=2):
    """Images and reconstructions, each [count, size, size], of a picture by reconstruct in one row of pairs."""
    scale = (picture.shape[1] - margin - count * margin) // (count * size)
    cell = scale * size + margin
    return [np.stack([picture[margin + row * cell:, margin + i * cell:][:scale * size:scale, :scale * size:scale]
                      for i in range(count)]) for row in range(2)]


class SameBits(cli.CliTest):
    """Each function, beside the command of its name, for integers and floats."""

    SHAPE = ("--hidden", "32,16", "--latent", 6)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.f16 = cls.root / "f16.pvae"
        packed = cli.run("quantize", cls.f32, "--data", cls.data, "--out", cls.f16, "--type", "f16")
        assert packed.returncode == 0, packed.stderr
        cls.images = read_idx(cls.data / "t10k-images-idx3-ubyte")

    def models(self):
        for path in (SHIPPED, self.f32, self.f16, self.s8):
            with self.subTest(path.name):
                yield path, picovae.Model(path)

    def test_info(self):
        for path, model in self.models():
            info = cli.json.loads(self.good("info", path, "--json"))
            self.assertEqual((list(model.shape), model.type), (info["shape"], info["type"]))
            self.assertEqual(model.model_id, info["model_id"])
            self.assertEqual(model.signature, info.get("signature"))
            self.assertEqual(model.image_shape, (28, 28))
            self.assertEqual(bool(model.classes), info["classes"] is not None)

    def test_encode(self):
        csv = self.root / "codes.csv"
        for path, model in self.models():
            self.good("encode", path, "--data", self.data, "--out", csv)
            rows = np.loadtxt(csv, delimiter=",", skiprows=1, dtype=np.float32)
            mu, logvar = model.encode(self.images)
            self.assertEqual((mu.dtype, mu.shape), (np.float32, (len(self.images), model.shape[3])))
            np.testing.assert_array_equal(np.hstack([mu, logvar]), rows[:, 1:])

    def test_generate(self):
        idx = self.root / "drawn.idx"
        for path, model in self.models():
            self.good("generate", path, "--count", 203, "--seed", 7, "--idx", idx)  # more than two batches
            drawn = read_idx(idx)
            np.testing.assert_array_equal(model.generate(203, seed=7), drawn)
            np.testing.assert_array_equal(model.generate(np.int64(3), 7, first=150), drawn[150:153])
            label = model.classes[-1]
            self.good("generate", path, "--count", 5, "--digit", label, "--idx", idx)
            np.testing.assert_array_equal(model.generate(5, digit=label), read_idx(idx))

    def test_reconstruct(self):
        folder = self.root / "pairs"
        folder.mkdir()
        for path, model in self.models():
            self.good("reconstruct", path, "--data", self.data, "--count", 10, "--out", folder / "pairs.png")
            converted = self.root / f"pairs {path.name}"
            self.good("convert", folder, "--out", converted)
            images, expected = pairs_of(read_idx(next(converted.glob("*images*")))[0], 10, 28)
            np.testing.assert_array_equal(images, self.images[:10])
            np.testing.assert_array_equal(model.reconstruct(images), expected)

    def test_score(self):
        csv = self.root / "scores.csv"
        for path, model in self.models():
            self.good("score", path, "--data", self.data, "--csv", csv)
            expected = np.genfromtxt(csv, delimiter=",", names=True, usecols=range(1, 7))
            scores = model.score(self.images)
            self.assertEqual(set(scores.dtype.names), set(expected.dtype.names))
            for name in scores.dtype.names:
                np.testing.assert_array_equal(scores[name], expected[name], name)

    def test_decode(self):
        for _, model in self.models():
            z = np.random.default_rng(1).standard_normal((203, model.shape[3]), dtype=np.float32)
            pixels, logits = model.decode(z), model.decode_logits(z)
            self.assertEqual((pixels.shape, logits.shape), ((203, 28, 28), (203, 28, 28)))
            np.testing.assert_array_equal(model.decode(z[150:151])[0], pixels[150])
            self.assertLess(np.abs(255 / (1 + np.exp(-logits.astype(float))) - pixels).max(), 1.6)

    def test_the_environment_chooses_the_kernels_as_for_the_program(self):
        """The shipped model, whose bits do not depend on them: a name that does not exist is refused."""
        cli.os.environ["PICOVAE_ISA"] = "none_such"
        try:
            with self.assertRaisesRegex(RuntimeError, "PICOVAE_ISA=none_such"):
                picovae.Model(SHIPPED)
        finally:
            del cli.os.environ["PICOVAE_ISA"]

    def test_a_model_for_a_board_is_refused(self):
        board = self.root / "board.pvae"
        self.good("export", self.s8, "--layout", "cortex-m", "--out", board)
        with self.assertRaisesRegex(RuntimeError, "picovae export .* --layout host"):
            picovae.Model(board)

    def test_half_a_model_has_half_of_the_functions(self):
        half = self.root / "decoder.pvae"
        self.good("export", self.s8, "--layout", "host", "--decoder-only", "--out", half)
        model = picovae.Model(half)
        np.testing.assert_array_equal(model.generate(3), picovae.Model(self.s8).generate(3))
        for call in (model.encode, model.reconstruct, model.score):
            with self.assertRaisesRegex(RuntimeError, "encoder"):
                call(self.images)

    def test_damage_is_found(self):
        content = bytearray(self.s8.read_bytes())
        content[len(content) // 2] ^= 1
        damaged = self.root / "damaged.pvae"
        damaged.write_bytes(content)
        with self.assertRaisesRegex(RuntimeError, "damaged.pvae: .*copy"):
            picovae.Model(damaged)


class Arguments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = picovae.Model(str(SHIPPED))
        cls.digits = cls.model.generate(4)

    def refused(self, call, *arguments, says, error=ValueError, **named):
        with self.assertRaisesRegex(error, says):
            call(*arguments, **named)

    def test_files(self):
        with self.assertRaisesRegex(FileNotFoundError, "no_such.pvae"):
            picovae.Model("no_such.pvae")
        self.refused(picovae.Model, ROOT, says="is a folder", error=RuntimeError)
        self.refused(picovae.Model, __file__, says="test_module.py", error=RuntimeError)

    def test_images(self):
        for call in (self.model.encode, self.model.reconstruct, self.model.score):
            self.refused(call, self.digits / 255, says="images: .*uint8 is wanted, not of float64")
            self.refused(call, self.digits.astype(np.int64), says="not of int64")
            self.refused(call, "digits", says="images: an array of np.uint8")
            for shape in ((28, 112), (3136,), (8, 28, 14), (4, 14, 56), (4, 28, 28, 1), ()):
                wrong = np.zeros(shape, np.uint8)
                self.refused(call, wrong, says=re.escape(f"(n, 784) or (n, 28, 28) is wanted, not {shape}"))

    def test_latents(self):
        z = np.zeros((2, 50), np.float32)
        for call in (self.model.decode, self.model.decode_logits):
            self.refused(call, z.astype(float), says="z: .*float32 is wanted, not of float64")
            self.refused(call, z[0], says=re.escape("z: shape (n, 50) is wanted, not (50,)"))
            self.refused(call, z[:, 1:], says=re.escape("not (2, 49)"))
            for value in (np.nan, np.inf, -np.inf):
                self.refused(call, np.full_like(z, value), says="finite")

    def test_numbers(self):
        generate = self.model.generate
        self.refused(generate, -1, says="count: 0 to 4294967296 is wanted, not -1")
        self.refused(generate, 1, seed=2**64, says="seed: 0 to 18446744073709551615")
        self.refused(generate, 1, first=2**32, says="first: 0 to 4294967295")
        self.refused(generate, 2, first=2**32 - 1, says="count: 0 to 1 is wanted")
        self.refused(generate, 1.5, says="float", error=TypeError)
        self.refused(generate, 1, digit=10, says="no class 10; it has 0, 1, .*9")
        self.refused(generate, 1, digit=-1, says="digit: 0 to 255")
        self.assertEqual(generate(1, seed=2**64 - 1, first=2**32 - 1).shape, (1, 28, 28))

    def test_any_layout_in_memory(self):
        mu, _ = self.model.encode(self.digits)
        unaligned = np.frombuffer(b"x" + mu.tobytes(), np.float32, offset=1).reshape(mu.shape)
        for same in (np.asfortranarray(mu), np.repeat(mu, 2, axis=0)[::2], unaligned):
            np.testing.assert_array_equal(self.model.decode(same), self.model.decode(mu))
        for same in (np.asfortranarray(self.digits), self.digits[::-1][::-1], self.digits.reshape(4, 784)):
            np.testing.assert_array_equal(self.model.encode(same)[0], mu)
        self.digits.flags.writeable = False
        np.testing.assert_array_equal(self.model.encode(self.digits)[0], mu)

    def test_none_at_all(self):
        self.assertEqual(self.model.generate(0).shape, (0, 28, 28))
        self.assertEqual(self.model.encode(self.digits[:0])[0].shape, (0, 50))
        self.assertEqual(self.model.score(self.digits[:0]).shape, (0,))


class Threads(unittest.TestCase):
    def test_calls_of_one_model_at_once(self):
        model = picovae.Model(SHIPPED)
        expected = [model.generate(120, seed=seed) for seed in range(4)]
        failed = []

        def work(seed):
            for _ in range(10):
                digits = model.generate(120, seed=seed)
                same = np.array_equal(digits, expected[seed])
                if not same or not np.array_equal(model.reconstruct(digits)[7], model.reconstruct(digits[7:8])[0]):
                    failed.append(seed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])

    def test_others_run_during_a_call(self):
        model = picovae.Model(SHIPPED)
        span = []

        def work():
            span.append(time.monotonic())
            model.generate(100_000)
            span.append(time.monotonic())

        thread = threading.Thread(target=work)
        thread.start()
        seen = []
        while thread.is_alive():
            seen.append(time.monotonic())
            time.sleep(0.001)
        start, end = span
        within = [t for t in seen if start + 0.2 * (end - start) < t < end - 0.2 * (end - start)]
        self.assertTrue(within, f"nothing else ran during {end - start:.3f} s")


class Memory(unittest.TestCase):
    def test_nothing_is_kept(self):
        model = picovae.Model(SHIPPED)
        digits = model.generate(500)
        z = model.encode(digits)[0]

        def use():
            model.generate(500)
            model.generate(500, digit=3)
            model.encode(digits)
            model.encode(np.asfortranarray(digits))
            model.decode(z)
            model.decode_logits(z)
            model.reconstruct(digits)
            model.score(digits)
            picovae.Model(SHIPPED)
            for call, argument in ((model.encode, z), (model.decode, digits), (picovae.Model, "no_such")):
                try:
                    call(argument)
                except (ValueError, OSError):
                    pass
            gc.collect()

        def resident():
            return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096

        for _ in range(5):
            use()
        counts = [sys.getrefcount(value) for value in (model, digits, z)]
        tracemalloc.start()
        use()
        before, resident_before = tracemalloc.get_traced_memory()[0], resident()
        for _ in range(30):  # each makes about 6 MB
            use()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        self.assertLess(grown, 50_000)
        self.assertLess(resident() - resident_before, 8 << 20)
        self.assertEqual(counts, [sys.getrefcount(value) for value in (model, digits, z)])


class Documents(unittest.TestCase):
    def test_the_stub_has_what_the_module_has(self):
        tree = ast.parse((PYTHON / "picovae.pyi").read_text())
        stub = next(node for node in tree.body if isinstance(node, ast.ClassDef))
        names = {node.name for node in stub.body}
        self.assertEqual(names - {"__init__"}, {name for name in dir(picovae.Model) if not name.startswith("_")})
        for node in stub.body:
            if not node.decorator_list and node.name != "__init__":
                signature = getattr(picovae.Model, node.name).__doc__.splitlines()[0]
                arguments = [a.arg for a in node.args.args]
                self.assertEqual(re.findall(r"[(,] ?(\w+):", signature), arguments)

    def test_the_readme_works_as_it_stands(self):
        blocks = re.findall(r"^```python\n(.*?)^```", (PYTHON / "README.md").read_text(), re.M | re.S)
        self.assertEqual(len(blocks), 1)
        names = {}
        here = cli.os.getcwd()
        cli.os.chdir(ROOT)
        try:
            exec(compile(blocks[0], "README.md", "exec"), names)
        finally:
            cli.os.chdir(here)
        # "name = ... # dtype (shape)": what the comments say is so.
        said = re.findall(r"^(\w+)(?:, (\w+))? = .*# (\w+) (\(.*?\))", blocks[0], re.M)
        self.assertGreater(len(said), 3)
        for first, second, dtype, shape in said:
            for name in filter(None, (first, second)):
                self.assertEqual((str(names[name].dtype), str(names[name].shape)), (dtype, shape), name)


if __name__ == "__main__":
    cli.main()
