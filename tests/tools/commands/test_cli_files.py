"""The picovae program on disks that are full or read-only and with files that end early: one line that
helps, old files intact, nothing half-written.   test_cli_files.py PROGRAM S8_MODEL"""

import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
import cli

PROGRAM = S8_MODEL = ""
OLD = b"an old file"


def run(*arguments, before=None, **options):
    return subprocess.run([PROGRAM, *map(str, arguments)], stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, text=True, timeout=300, preexec_fn=before, **options)


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = cls.root = pathlib.Path(cls.folder.name)
        cls.data = root / "data"
        cli.write_data(cls.data, 300, 40)
        cls.f32, cls.s8 = root / "model.safetensors", root / "model.pvae"
        shutil.copy(S8_MODEL, cls.s8)
        cls.log = root / "log.csv"
        trained = run("train", "--data", cls.data, "--out", cls.f32, "--epochs", 1, "--log", cls.log)
        assert trained.returncode == 0, trained.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def writers(self, out):
        """Every command that writes a file, to `out`."""
        data = ("--data", self.data)
        yield ("train", *data, "--epochs", 1, "--out", out)
        yield ("train", *data, "--epochs", 1, "--out", "/dev/null", "--log", out)
        yield ("quantize", self.f32, *data, "--out", out)
        yield ("quantize", self.f32, *data, "--type", "f16", "--out", out)
        yield ("export", self.s8, "--layout", "cortex-m", "--out", out)
        yield ("export", self.s8, "--c-array", out, "--name", "model")
        yield ("generate", self.s8, "--count", 4, "--out", out)
        yield ("reconstruct", self.s8, *data, "--count", 4, "--out", out)
        yield ("interpolate", self.s8, *data, "--from", 0, "--to", 8, "--out", out)
        yield ("encode", self.s8, *data, "--out", out)
        yield ("classes", self.f32, *data, "--out", out)
        yield ("map", self.s8, *data, "--out", out)
        if shutil.which("gnuplot"):
            yield ("plot", self.log, "--out", out)

    def fails(self, arguments, names, reason, before=None, **options):
        """Fails with status 1 and one line that names the file and the reason."""
        result = run(*arguments, before=before, **options)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(str(names), result.stderr)
        self.assertRegex(result.stderr, reason)

    def test_full_disk(self):
        """A limit on the size of files stands in for a disk that is full in their midst."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "out"
            for old in (None, OLD):
                for arguments in self.writers(out):
                    for limit in (0, 100):
                        if old:
                            out.write_bytes(old)
                        # gnuplot's script is the first file that those two write.
                        named = "gnuplot" if arguments[0] in ("map", "plot") else out
                        with self.subTest(arguments[0], limit=limit, old=old):
                            self.fails(arguments, named, "File too large", before=lambda: resource.setrlimit(
                                resource.RLIMIT_FSIZE, (limit, limit)))
                            self.assertEqual([p.read_bytes() for p in out.parent.iterdir()], [old] if old else [])

    def test_full_device(self):
        for arguments in self.writers("/dev/full"):
            with self.subTest(arguments[0]):
                self.fails(arguments, "/dev/full", "No space left")

    def test_full_standard_output(self):
        for arguments in (("info", self.s8), ("info", self.f32, "--json"), ("generate", self.s8, "--ascii"),
                          ("eval", self.s8, "--data", self.data), ("self-test", self.s8), ("--help",),
                          ("--version",), ("generate", self.s8, "--out", "/dev/stdout")):
            with self.subTest(arguments), open("/dev/full", "w") as full:
                self.fails(arguments, "", "No space left", stdout=full)

    def test_folders_that_take_no_file(self):
        for arguments in self.writers("/proc/self/out"):  # not even root's
            with self.subTest(arguments[0]):
                self.fails(arguments, "/proc/self/out", "no file can be created")

    def test_read_only_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "out"
            out.write_bytes(OLD)
            out.chmod(0o444)
            out.parent.chmod(0o555)
            options = {}
            if os.geteuid() == 0:  # root may write anyway, so nobody tries
                self.root.chmod(0o755)
                options = {"user": 65534, "group": 65534}
                try:
                    run("--version", **options)
                except PermissionError:
                    self.skipTest("the program cannot be run by nobody")
            for target in (out, out.parent / "new"):
                for arguments in self.writers(target):
                    with self.subTest(arguments[0], target=target.name):
                        self.fails(arguments, target, "Permission denied", **options)
            self.assertEqual([p.read_bytes() for p in out.parent.iterdir()], [OLD])
            out.parent.chmod(0o755)

    def test_folder_that_vanishes(self):
        """Pictures go to a folder that is removed after the first epoch."""
        pictures = self.root / "pictures"
        process = subprocess.Popen(
            [PROGRAM, "train", "--data", self.data, "--epochs", "100000", "--out", self.root / "never",
             "--pictures", pictures], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not (pictures / "samples_001.png").exists():
            pass
        while process.poll() is None:
            shutil.rmtree(pictures, ignore_errors=True)
        error = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.returncode, 1, error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertIn(str(pictures), error)
        self.assertFalse((self.root / "never").exists())

    def through_a_pipe(self, content):
        """A path that gives these bytes and no more, as a file that is cut while it is read."""
        pipe = self.root / "pipe"
        if pipe.exists():
            pipe.unlink()
        os.mkfifo(pipe)

        def feed():
            try:
                pipe.write_bytes(content)
            except BrokenPipeError:
                pass
        threading.Thread(target=feed, daemon=True).start()
        return pipe

    def test_model_that_ends_early(self):
        for model, reasons in ((self.s8, "truncated"), (self.f32, "cut short|too few")):
            whole = model.read_bytes()
            for length in (0, 1, 7, 63, 200, 5000, len(whole) - 1):
                with self.subTest(model.name, length=length):
                    pipe = self.through_a_pipe(whole[:length])
                    self.fails(("info", pipe), pipe, reasons + "|too few|is it")
            self.assertEqual(run("info", self.through_a_pipe(whole)).returncode, 0)

    def test_data_that_ends_early(self):
        whole = (self.data / "t10k-images-idx3-ubyte").read_bytes()
        folder = self.root / "cut"
        shutil.copytree(self.data, folder)
        for length in (0, 3, 15, 1000, len(whole) - 1):
            path = folder / "t10k-images-idx3-ubyte"
            path.write_bytes(whole[:length])
            self.fails(("eval", self.s8, "--data", folder), path, f"ends at byte {length}")
        path.unlink()
        self.fails(("eval", self.s8, "--data", folder), path, "no such file")

    def test_picture_that_ends_early(self):
        picture = self.root / "digit.png"
        size = 28
        self.assertEqual(run("generate", self.s8, "--count", 1, "--out", picture).returncode, 0)
        whole = picture.read_bytes()
        self.assertEqual(struct.unpack(">I", whole[16:20])[0] >= size, True)
        for length in (0, 7, 20, len(whole) // 2):
            pipe = self.through_a_pipe(whole[:length])
            self.fails(("reconstruct", self.s8, "--image", pipe, "--out", self.root / "x.png"), pipe, "PNG|png|end")
        self.assertFalse((self.root / "x.png").exists())


if __name__ == "__main__":
    PROGRAM, S8_MODEL = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1])
