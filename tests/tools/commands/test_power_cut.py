"""The power fails after each single call by which a command changes its folder, and within each write: the old file or
the new one is there, and the next run finds nothing that stops it and leaves nothing else.
   test_power_cut.py PROGRAM RECORDER      the latter is record_disk.c, built
Each command runs once under the recorder; disk.py tells what its folder is after each call if what was not flushed is
kept or lost, and the command runs again in each folder that differs."""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import cli
import disk

PROGRAM = RECORDER = ""
EPOCHS = 2
TEMPORARY = re.compile(r"(.*/)?\.picovae-\d+-\d+\.tmp(/.*)?")
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # flushing takes no time there
OLD, OLD_MODE = b"an old file", 0o640


def epochs_in(checkpoint):
    length = struct.unpack("<Q", checkpoint[:8])[0]
    return int(json.loads(checkpoint[8:8 + length])["__metadata__"]["picovae.train.epochs"])


def run(folder, arguments, **env):
    return subprocess.run([PROGRAM, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=300,
                          env={**os.environ, **env})


class PowerCut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(dir=SCRATCH)
        root = cls.root = pathlib.Path(cls.temporary.name).resolve()
        cls.data = root / "data"
        cli.write_data(cls.data, 60, 20, 12, 12)
        cls.f32, cls.s8, cls.log = root / "model.safetensors", root / "model.pvae", root / "log.csv"
        for command in (cls.train("model.safetensors", "--log", cls.log),
                        ("quantize", cls.f32, "--data", cls.data, "--out", cls.s8)):
            result = run(root, command)
            assert result.returncode == 0, result.stderr
        cls.rows, cls.commands = [], set()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()
        print(f"{'command':<28}{'old file':>9}{'points':>8}{'states':>8}{'run again':>11}")
        for row in sorted(cls.rows):
            print("{:<28}{:>9}{:>8}{:>8}{:>11}".format(*row))
        total = [sum(row[i] for row in cls.rows) for i in (2, 3, 4)]
        print("{:<28}{:>9}{:>8}{:>8}{:>11}".format("all", "", *total))

    @classmethod
    def train(cls, out, *more):
        return ("train", "--data", cls.data, "--shape", "144-8-4", "--batch", 20, "--epochs", EPOCHS, "--threads", 1,
                "--out", out, *more)

    def record(self, start, arguments):
        """Runs the command in a folder of this content. Returns what would be there after a power cut, in the order of
        the calls: (after which call, what is lost, content)."""
        with tempfile.TemporaryDirectory(dir=self.root) as parent:
            folder, record = pathlib.Path(parent) / "folder", pathlib.Path(parent) / "record"
            disk.write_listing(start, folder)
            model = disk.Disk(folder)
            result = run(folder, arguments, LD_PRELOAD=RECORDER, DISK_RECORD=str(record))
            self.assertEqual(result.returncode, 0, result.stderr)
            states = [(f"after call {number}, {call},", lost, model.root.listing(lost))
                      for number, call in enumerate(model.replay(record), 1) for lost in disk.LOSSES]
            self.assertTrue(model.root.listing() == disk.Folder.read(folder).listing(), "a call is not in the record")
            return states

    def run_again(self, where, start, arguments):
        with tempfile.TemporaryDirectory(dir=self.root) as parent:
            folder = pathlib.Path(parent) / "folder"
            disk.write_listing(start, folder)
            result = run(folder, arguments)
            self.assertEqual(result.returncode, 0, f"{where}: {result.stderr}")
            return disk.Folder.read(folder).listing()

    def survives(self, name, arguments, start, each=False, between=lambda path, end: (), next_run=None, same=dict,
                 progress=None):
        """The command, begun in a folder with the content `start`. Returns the content at its end.
           each      each file for itself is old or new, not all together
           between   what a file may hold besides; None: anything that the next run takes
           next_run  gives its arguments, of what the power cut has left
           same      of a content, what is equal after every run
           progress  of a content and that at the end, a number that never falls"""
        states = self.record(start, arguments)
        end = states[-len(disk.LOSSES)][2]
        for _, lost, found in states[-len(disk.LOSSES):]:
            self.assertTrue(found == end, f"{name}: has ended, and {lost} not flushed")
        if progress:
            for loss in disk.LOSSES:
                numbers = [progress(found, end) for _, lost, found in states if lost == loss]
                self.assertEqual(numbers, sorted(numbers), f"{name}: {loss} not flushed")
        different = {}
        for point, lost, found in states:
            where = f"{name}: {point} if {lost} are lost that were not flushed"
            kept = {path: node for path, node in found.items() if not TEMPORARY.fullmatch(path)}
            if each:
                for path in kept.keys() | start.keys():
                    more = between(path, end)
                    good = more is None or kept.get(path) in (start.get(path), end.get(path), *more)
                    self.assertTrue(good, f"{where}: {path} is neither old nor new")
            else:
                self.assertTrue(kept in (start, end), f"{where}: {sorted(kept)} are neither old nor new")
            key = frozenset((path, kept.get(path)) for path in found)  # temporary files may hold anything
            different.setdefault(key, (where, found))
        for where, found in different.values():
            last = self.run_again(where, found, next_run(found) if next_run else arguments)
            self.assertTrue(same(last) == same(end), f"{where}; the next run left {sorted(last)}, not {sorted(end)}")
        self.rows.append((name, "yes" if start else "no", len(states) // len(disk.LOSSES), len(states), len(different)))
        self.commands.add(arguments[0])
        return end

    def writes(self, name, *arguments, files=("out",), **more):
        """Without old files, and over some, whose permissions are kept."""
        new = self.survives(name, arguments, {}, **more)
        self.assertEqual(set(files), set(new))
        old = {path: (OLD, OLD_MODE) for path in files}
        end = self.survives(name, arguments, old, **more)
        self.assertTrue(end == {path: (new[path][0], OLD_MODE) for path in files}, f"{name}: {end}")

    def test_models(self):
        data = ("--data", self.data)
        self.writes("quantize", "quantize", self.f32, *data, "--out", "out")
        self.writes("quantize --type f16", "quantize", self.f32, *data, "--type", "f16", "--out", "out")
        self.writes("import", "import", self.f32, "--out", "out")
        self.writes("classes", "classes", self.f32, *data, "--out", "out")
        self.writes("score --keep", "score", self.s8, *data, "--false-alarms", 0.1, "--keep", "out")
        self.writes("export", "export", self.s8, "--out", "out")

    def test_models_in_place(self):
        data = ("--data", self.data)
        for name, command, model in (
                ("classes, in place", ("classes", "model", *data, "--out", "model"), self.f32),
                ("classes of s8, in place", ("classes", "model", *data, "--out", "model"), self.s8),
                ("score --keep, in place", ("score", "model", *data, "--false-alarms", 0.1, "--keep", "model"), self.s8)):
            self.survives(name, command, {"model": (model.read_bytes(), OLD_MODE)})

    def test_links(self):
        """The file that a link leads to is written, in its own folder; the link stays."""
        start = {"link": "there/model", "there": disk.FOLDER}
        for more in ({}, {"there/model": (OLD, OLD_MODE)}):
            end = self.survives("export to a link", ("export", self.s8, "--out", "link"), {**start, **more})
            self.assertEqual([path for path, node in end.items() if node == "there/model"], ["link"])
        training = self.train("model", "--checkpoint", "link")  # removes the file, not the link
        self.assertEqual(set(self.run_again("train", {"link": "kept"}, training)), {"link", "model"})

    def test_several_files(self):
        self.writes("export --c-array", "export", self.s8, "--c-array", "a.c", files=("a.c", "a.h"), each=True)
        self.writes("export --c-array, header", "export", self.s8, "--c-array", "a.h", files=("a.h",))
        onnx = ("export", self.s8, "--onnx", "onnx")
        if run(self.root, ("export", self.s8, "--onnx", "onnx")).returncode == 0:  # not every build has it
            self.survives("export --onnx", onnx, {}, each=True)
            old = {"onnx": disk.FOLDER, "onnx/decoder.onnx": (OLD, OLD_MODE)}
            self.survives("export --onnx", onnx, old, each=True)

    def test_folders(self):
        """Whole or not at all."""
        convert = ("convert", self.data, "--out", "new")
        self.survives("convert", convert, {}, next_run=lambda found: (
            convert if "new" not in found else ("data", "new")))
        empty = {"new": disk.FOLDER}
        self.survives("convert", convert, empty, next_run=lambda found: (
            ("data", "new") if "new/train-images-idx3-ubyte" in found else convert))

    def test_results(self):
        data = ("--data", self.data)
        self.writes("encode", "encode", self.s8, *data, "--out", "out")
        self.writes("score --csv", "score", self.s8, *data, "--false-alarms", 0.1, "--csv", "out")
        self.writes("generate --idx", "generate", self.s8, "--count", 4, "--idx", "out")

    def test_pictures(self):
        data = ("--data", self.data)
        self.writes("data", "data", self.data, "--out", "out")
        self.writes("generate", "generate", self.s8, "--count", 4, "--out", "out")
        self.writes("reconstruct", "reconstruct", self.s8, *data, "--count", 4, "--out", "out")
        self.writes("interpolate", "interpolate", self.s8, *data, "--from", 0, "--to", 8, "--out", "out")
        if shutil.which("gnuplot"):
            self.writes("map", "map", self.s8, *data, "--out", "out")
            self.writes("plot", "plot", self.log, "--out", "out")

    def test_training(self):
        """The next run resumes if there is a checkpoint, which is whole if it can."""
        command = self.train("model", "--log", "log.csv", "--pictures", ".")
        checkpoint = ("model.checkpoint", "model.checkpoint.lock")

        def between(path, end):
            if path in checkpoint:
                return None
            lines = end["log.csv"][0].splitlines(keepends=True)
            return [(b"".join(lines[:2]), end["log.csv"][1])] if path == "log.csv" else []

        def resume(found):
            return (*command, "--resume") if checkpoint[0] in found else command

        def without_seconds(found):
            lines = [line.split(b",")[:1] + line.split(b",")[2:] for line in found["log.csv"][0].splitlines()]
            return {**found, "log.csv": lines}

        def progress(found, end):
            if found.get("model") == end["model"]:
                return EPOCHS + 1
            return epochs_in(found[checkpoint[0]][0]) if checkpoint[0] in found else -1

        more = {"each": True, "between": between, "next_run": resume, "same": without_seconds, "progress": progress}
        end = self.survives("train", command, {}, **more)
        self.assertEqual(len(end), 2 + 2 * EPOCHS)  # model, log and pictures
        end = self.survives("train", command, dict.fromkeys(end, (OLD, OLD_MODE)), **more)
        self.assertEqual({mode for _, mode in end.values()}, {OLD_MODE})

    @classmethod
    def check_commands(cls):
        """Every command is tried or writes no file."""
        listed = set(re.findall(r"^  ([a-z-]+)  ", run(cls.root, ["--help"]).stdout.split("Subcommands:")[1], re.M))
        silent = {"eval", "nll", "info", "self-test", *(() if shutil.which("gnuplot") else ("map", "plot"))}
        assert cls.commands == listed - silent, cls.commands ^ (listed - silent)


if __name__ == "__main__":
    PROGRAM, RECORDER = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
