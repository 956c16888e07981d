"""The picovae program on disks that are full or read-only, with files that end early, that are two things at
once, or that are streams: one line that helps, old files intact, nothing half-written.
   test_cli_files.py PROGRAM S8_MODEL"""

import json
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
                          stderr=subprocess.PIPE, text=options.pop("text", True), timeout=300, preexec_fn=before,
                          **options)


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
        yield ("data", self.data, "--out", out)
        yield ("score", self.s8, *data, "--false-alarms", 0.1, "--csv", out)
        yield ("score", self.s8, *data, "--false-alarms", 0.1, "--keep", out)
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

    # --- one file in two roles ---

    def refuses(self, arguments, *says, **options):
        """Misuse, in one line that says all of this; no file is written or changed."""
        def files():
            return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in self.root.rglob("*") if p.is_file()}

        before = files()
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 2, f"{arguments}: {result.stderr}{result.stdout}")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn("the same file", result.stderr)
        for text in says:
            self.assertIn(str(text), result.stderr)
        self.assertEqual(files(), before)

    def test_an_input_is_no_output_by_any_name(self):
        names = self.root / "names"
        names.mkdir()
        for number, arguments in enumerate(self.writers("OUT")):
            command, given = arguments[0], arguments[1]
            # train reads no such file, and data a folder; the others say that they write in place
            if command in ("train", "data", "classes") or "--keep" in arguments:
                continue
            option = arguments[list(arguments).index("OUT") - 1]
            links = [names / f"{number}{kind}" for kind in ("soft", "softer", "hard")]
            links[0].symlink_to(given)
            links[1].symlink_to(links[0].name)
            os.link(given, links[2])
            for name in (given, *links, os.path.relpath(given), self.root / "data" / ".." / given.name):
                with self.subTest(command, name=str(name)):
                    self.refuses([name if word == "OUT" else word for word in arguments],
                                 "LOG" if command == "plot" else "MODEL", option, name)
            links[2].unlink()
        picture = self.root / "role.png"
        self.assertEqual(run("generate", self.s8, "--count", 1, "--out", picture).returncode, 0)
        self.refuses(("reconstruct", self.s8, "--image", picture, "--out", picture), "--image", "--out", picture)
        self.refuses(("generate", self.s8, "--idx", self.s8), "MODEL", "--idx")
        self.refuses(("generate", self.s8, "--out", picture, "--idx", picture), "--out", "--idx")
        self.refuses(("export", self.s8, "--out", names / "new", "--c-array", names / "." / "new"), "--c-array")
        header = names / "digits.h"  # which is written beside digits.c
        self.refuses(("export", self.s8, "--out", header, "--c-array", names / "digits.c"), "--c-array", header)
        header.hardlink_to(self.s8)
        self.refuses(("export", self.s8, "--c-array", names / "digits.c"), "MODEL", "--c-array", header)
        header.unlink()
        (names / "dangling").symlink_to("new")
        self.refuses(("export", self.s8, "--out", names / "new", "--c-array", names / "dangling"), "--c-array")

    def test_data_is_no_output(self):
        images = self.data / "t10k-images-idx3-ubyte"
        for arguments in self.writers(images):
            if "--data" in arguments:
                with self.subTest(arguments[0]):
                    self.refuses(arguments, "--data", images)

    def test_defaults_have_roles_too(self):
        model = self.root / "digits.png"
        shutil.copy(self.s8, model)
        self.refuses(("generate", "digits.png"), "MODEL", "--out (by default)", "digits.png", cwd=self.root)
        drawn = run("generate", "digits.png", "--ascii", "--count", 1, cwd=self.root)  # which writes no PNG
        self.assertEqual(drawn.returncode, 0, drawn.stderr)
        model.unlink()

    def test_files_of_a_training(self):
        folder = self.root / "roles"
        folder.mkdir()
        (folder / "here").symlink_to(".")
        train = ("train", "--data", self.data, "--epochs", 2, "--out", folder / "a")
        for extra, says in (
                (("--checkpoint", folder / "a"), ("--out", "--checkpoint")),
                (("--checkpoint", folder / "here" / "a"), ("--out", "--checkpoint")),
                (("--log", folder / "a"), ("--out", "--log")),
                (("--log", folder / "b", "--checkpoint", folder / "b"), ("--log", "--checkpoint")),
                (("--log", folder / "a.checkpoint"), ("--log", "--checkpoint (by default)")),
                (("--log", folder / "a.checkpoint.lock"), ("--log", "--checkpoint (by default)")),
                (("--log", folder / "samples_002.png", "--pictures", folder / "here"), ("--log", "--pictures")),
                (("--log", self.data / "train-labels-idx1-ubyte"), ("--log", "--data"))):
            with self.subTest(extra):
                self.refuses((*train, *extra), *says)
        self.assertEqual([p.name for p in folder.iterdir()], ["here"])
        # What holds nothing may have many roles.
        result = run("train", "--data", self.data, "--epochs", 1, "--out", "/dev/null", "--log", "/dev/null",
                     "--checkpoint", "/dev/null")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_names_of_temporary_files(self):
        """Another command may remove a file that is called so."""
        folder = self.root / "temporary"
        folder.mkdir()
        for arguments in (*self.writers(folder / ".picovae-1-2.tmp"),
                          ("convert", self.data, "--out", folder / ".picovae-1-2.tmp")):
            with self.subTest(arguments[0]):
                self.fails(arguments, ".picovae-1-2.tmp", "a name of temporary files")
                self.assertEqual(list(folder.iterdir()), [])

    # --- streams ---

    def test_data_on_standard_output(self):
        """Into a pipe and into a file that others write to as well: the bytes of the file, and nothing else."""
        for arguments in self.writers("OUT"):
            if "--log" in arguments:
                continue  # its seconds differ

            def to(out):
                return [PROGRAM, *(str(out) if word == "OUT" else str(word) for word in arguments)]

            with self.subTest(arguments[0]):
                file, both = self.root / "streamed", self.root / "both"
                result = subprocess.run(to(file), capture_output=True)
                self.assertEqual((result.returncode, result.stderr), (0, b""))
                self.assertIn(b"streamed: ", result.stdout)
                piped = subprocess.run(to("-"), capture_output=True)
                self.assertEqual(piped.returncode, 0, piped.stderr)
                self.assertIn(b"-: ", piped.stderr)
                with open(both, "wb") as target:
                    subprocess.run(["sh", "-c", 'printf "before "; "$@" 2> /dev/null; printf " after"', "sh",
                                    *to("/dev/stdout")], stdout=target)
                wanted, got, between = file.read_bytes(), piped.stdout, both.read_bytes()
                self.assertEqual((between[:7], between[-6:]), (b"before ", b" after"))
                texts = [wanted, got, between[7:-6]]
                if "--c-array" in arguments:  # whose first lines have the command
                    texts = [text[text.index(b"//\n"):] for text in texts]
                self.assertTrue(texts[0] == texts[1] == texts[2])

    def test_the_file_that_standard_output_goes_to(self):
        """By its own name, it is written through as well."""
        out = self.root / "own_name.pvae"
        with open(out, "wb") as target:
            result = subprocess.run([PROGRAM, "export", self.s8, "--layout", "host", "--out", out], stdout=target,
                                    stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("layout host", result.stderr)
        self.assertEqual(out.read_bytes(), self.s8.read_bytes())

    def test_an_array_on_standard_output_has_a_name(self):
        for model, out, name in ((self.s8, "-", "model"), (self.s8, "/dev/stdout", "model"), ("-", "-", "model"),
                                 (self.root / "of digits.pvae", "-", "of_digits")):
            if not pathlib.Path(model).exists() and model != "-":
                shutil.copy(self.s8, model)
            with open(self.s8, "rb") as file:
                self.assertIn(f"char {name}[]", run("export", model, "--c-array", out, stdin=file).stdout)

    def test_data_into_a_pipe(self):
        pipe = self.root / "out_pipe"
        os.mkfifo(pipe)
        got = []
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
        reader.start()
        result = run("export", self.s8, "--layout", "host", "--out", pipe)
        reader.join(timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(got, [self.s8.read_bytes()])
        self.assertTrue(pipe.is_fifo())
        self.assertIn("layout host", result.stdout)  # which has no data

    def test_inputs_from_standard_input(self):
        data = ("--data", self.data)
        picture = self.root / "one.png"
        self.assertEqual(run("generate", self.s8, "--count", 1, "--out", picture).returncode, 0)
        whole = subprocess.run([PROGRAM, "reconstruct", self.s8, "--image", picture, "--out", "-"],
                               capture_output=True)
        from_stdin = (("info", self.s8), ("self-test", self.s8), ("eval", self.s8, *data),
                      ("quantize", self.f32, *data, "--out", "-"), ("classes", self.f32, *data, "--out", "-"),
                      ("classes", self.s8, *data, "--out", "-"), ("export", self.s8, "--out", "-"),
                      ("generate", self.f32, "--out", "-"), ("encode", self.s8, *data, "--out", "-"),
                      *([("plot", self.log, "--out", "-")] if shutil.which("gnuplot") else []))
        for command, path, *more in from_stdin:
            with self.subTest(command):
                named = subprocess.run([PROGRAM, command, path, *map(str, more)], capture_output=True)
                with open(path, "rb") as file:
                    piped = subprocess.run(["sh", "-c", 'cat | "$@"', "sh", PROGRAM, command, "-", *map(str, more)],
                                           stdin=file, capture_output=True)
                self.assertEqual((named.returncode, piped.returncode), (0, 0), piped.stderr)
                self.assertEqual(piped.stdout.replace(b"-\n", b"", 1) if command == "info" else piped.stdout,
                                 named.stdout.replace(str(path).encode() + b"\n", b"", 1)
                                 if command == "info" else named.stdout.replace(f"{path}:".encode(), b"-:"))
        with open(picture, "rb") as file:
            piped = subprocess.run([PROGRAM, "reconstruct", self.s8, "--image", "-", "--out", "-"], stdin=file,
                                   capture_output=True)
        self.assertEqual(piped.stdout, whole.stdout)
        with open(picture, "rb") as file:  # which cannot be read twice
            self.refuses(("reconstruct", "-", "--image", "-", "--out", self.root / "x.png"), "MODEL", "--image",
                         stdin=file)

    def test_json_beside_data(self):
        for arguments in (("encode", self.s8), ("quantize", self.f32)):
            result = run(*arguments, "--data", self.data, "--out", "-", "--json", text=False)
            self.assertIn("images", json.loads(result.stderr))
            self.assertNotIn(b"crc32c", result.stdout)
            self.assertIn("standard error", run(arguments[0], "--help").stdout)
        result = run("encode", self.s8, "--data", self.data, "--out", self.root / "codes", "--json")
        self.assertIn("images", json.loads(result.stdout))
        self.refuses(("export", self.s8, "--out", "-", "--c-array", "/dev/stdout"), "--out", "--c-array")
        self.assertIn("help", run("--help").stdout)
        self.assertIn("A file may be -", run("--help").stdout)
        drawn = run("generate", self.s8, "--count", 1, "--ascii", "--idx", "-", text=False)
        self.assertEqual(drawn.stdout[:4], struct.pack(">I", 0x803))
        self.assertGreaterEqual(drawn.stderr.count(b"\n"), 14)

    def test_a_training_on_streams(self):
        train = ("train", "--data", self.data, "--epochs", 3, "--out", "/dev/null")
        result = run(*train, "--log", "-")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()  # each once, although a file is written again after each epoch
        self.assertEqual([line.split(",")[0] for line in lines], ["epoch", "1", "2", "3"])
        self.assertIn("negative ELBO", result.stderr)
        for checkpoint in ("-", "/dev/stdout"):
            result = run(*train, "--checkpoint", checkpoint)
            self.assertEqual(result.returncode, 2)
            self.assertIn("--checkpoint needs a file", result.stderr)

    def test_closed_standard_output(self):
        out = self.root / "closed.pvae"
        result = subprocess.run(["sh", "-c", '"$@" >&-', "sh", PROGRAM, "export", self.s8, "--layout", "host", "--out",
                                 out], stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("standard output", result.stderr)
        self.assertEqual(out.read_bytes(), self.s8.read_bytes())
        result = subprocess.run(["sh", "-c", '"$@" >&-', "sh", PROGRAM, "export", self.s8, "--out", "-"],
                                stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("Bad file descriptor", result.stderr)

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
