"""picovae train is killed, interrupted, starved of disk and given damaged checkpoints: what is resumed ends
as the same model, byte for byte, as if nothing had happened.
   test_training_survives.py PROGRAM [--kills N]"""

import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
import cli

PROGRAM = ""
KILLS = 20
EPOCHS = 6


def epochs_in(checkpoint):
    """Epochs done, from the header of a safetensors file."""
    content = checkpoint.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    return int(json.loads(content[8:8 + length])["__metadata__"]["picovae.train.epochs"])


def without_seconds(log):
    return [line.split(",")[:1] + line.split(",")[2:] for line in log.read_text().splitlines()]


class TrainingSurvives(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Who runs tests in the background has them ignore it, and so all that they start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        cls.data = cls.root / "data"
        cli.write_data(cls.data, 300, 40)
        whole = cls.whole = cls.root / "whole"  # what a run gives that nothing disturbs
        whole.mkdir()
        start = time.monotonic()
        result = cls.train(whole)
        cls.seconds = time.monotonic() - start
        assert result.returncode == 0, result.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.run_folder = tempfile.TemporaryDirectory(dir=self.root)
        self.here = pathlib.Path(self.run_folder.name)
        self.checkpoint = self.here / "model.checkpoint"

    def tearDown(self):
        self.run_folder.cleanup()

    @classmethod
    def command(cls, folder, *more):
        options = {"--data": cls.data, "--out": folder / "model", "--log": folder / "log.csv", "--pictures": folder,
                   "--epochs": EPOCHS, "--threads": 2}
        flags = [option for option in more if option == "--resume"]
        values = [option for option in more if option != "--resume"]
        options.update(zip(values[::2], values[1::2]))
        return [PROGRAM, "train", *(str(word) for pair in options.items() for word in pair), *flags]

    @classmethod
    def train(cls, folder, *more, env=None, **options):
        return subprocess.run(cls.command(folder, *more), capture_output=True, text=True, timeout=300,
                              env={**os.environ, **(env or {})}, **options)

    def ends_as_if_undisturbed(self):
        for name in ["model", *(p.name for p in self.whole.glob("*.png"))]:
            self.assertEqual((self.here / name).read_bytes(), (self.whole / name).read_bytes(), name)
        self.assertEqual(without_seconds(self.here / "log.csv"), without_seconds(self.whole / "log.csv"))
        self.assertFalse(self.checkpoint.exists())

    def resumes(self, *more):
        result = self.train(self.here, "--resume", *more)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.ends_as_if_undisturbed()

    def stop(self, number, *more, **options):
        """Sends a signal after the second epoch's line; again where it came after the end, as it may on a busy
        machine. Returns status and stderr."""
        for _ in range(5):
            process = subprocess.Popen(self.command(self.here, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True, **options)
            with process:
                for line in process.stdout:
                    if line.startswith("    2 "):
                        process.send_signal(number)
                status, error = process.wait(), process.stderr.read()
            if status != 0 or "preexec_fn" in options:
                return status, error
            (self.here / "model").unlink()
        self.fail("the signal never came before the end")

    def fails(self, *more, says, status=1, **options):
        """Fails with one line and this status, and leaves every file but log and pictures as it was."""
        def files():
            return {p: p.read_bytes() for p in self.here.rglob("*")
                    if p.is_file() and p.suffix not in (".csv", ".png")}

        before = files()
        result = self.train(self.here, *more, **options)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(says, result.stderr)
        self.assertEqual(files(), before)
        return result.stderr

    # --- ends of the process ---

    def test_the_same_bytes_again(self):
        self.assertEqual(self.train(self.here, "--threads", 1).returncode, 0)
        self.ends_as_if_undisturbed()

    def test_killed_at_random_moments(self):
        moments = random.Random(1)
        kills = finished = saved = 0
        while kills < KILLS:
            resume = ["--resume"] if self.checkpoint.exists() else []
            process = subprocess.Popen(self.command(self.here, *resume), stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            try:
                process.wait(moments.uniform(0, self.seconds))
            except subprocess.TimeoutExpired:
                process.kill()
            output, error = process.communicate()
            self.assertEqual(error, "")
            self.assertIn(process.returncode, (0, -signal.SIGKILL))
            kills += process.returncode != 0
            reported = [int(line[:5]) for line in output.splitlines() if line[:5].strip().isdigit()]
            if self.checkpoint.exists():
                epochs = epochs_in(self.checkpoint)
                self.assertGreaterEqual(epochs, max(reported, default=saved) - 1)
                self.assertGreaterEqual(epochs, saved)
                saved = epochs
            elif (self.here / "model").exists():
                self.ends_as_if_undisturbed()
                finished += 1
                saved = 0
                for path in self.here.iterdir():
                    path.unlink()
            else:
                self.assertEqual(saved, 0)
                self.assertEqual(reported, [])
        if self.checkpoint.exists():
            self.resumes()
        print(f"{kills} kills, {finished + 1} trainings of {EPOCHS} epochs ended", file=sys.stderr)

    def test_interrupted(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number):
                found, error = self.stop(number)
                self.assertEqual(found, status, error)
                self.assertEqual(error.count("\n"), 1, error)
                self.assertRegex(error, "interrupted in epoch .*model.checkpoint.*--resume")
                self.assertFalse((self.here / "model").exists())
                evaluated = subprocess.run([PROGRAM, "eval", self.checkpoint, "--data", self.data],
                                           capture_output=True, text=True)
                self.assertEqual(evaluated.returncode, 0, evaluated.stderr)  # it is a model
                self.resumes("--threads", 1)
                (self.here / "model").unlink()

    def test_ignored_signals_stay_ignored(self):
        status, error = self.stop(signal.SIGINT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        self.assertEqual(status, 0, error)
        self.ends_as_if_undisturbed()

    def test_the_model_could_not_be_written(self):
        """Its folder is gone when training ends: the checkpoint holds all epochs."""
        elsewhere = self.here / "elsewhere"
        elsewhere.mkdir()
        paths = ("--out", elsewhere / "model", "--checkpoint", self.checkpoint)
        process = subprocess.Popen(self.command(self.here, *paths), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        process.stdout.readline()
        elsewhere.rmdir()
        _, error = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn("elsewhere", error)
        self.assertEqual(epochs_in(self.checkpoint), EPOCHS)
        self.resumes()

    def test_two_trainings_on_one_checkpoint(self):
        (self.here / "link").symlink_to(self.checkpoint.name)
        first = subprocess.Popen(self.command(self.here, "--epochs", 100_000), stdout=subprocess.PIPE, text=True)
        while not first.stdout.readline().startswith("    2 "):
            pass
        for more in ((), ("--resume",), ("--checkpoint", self.here / "link"),
                     ("--resume", "--checkpoint", self.here / "link")):
            with self.subTest(more):
                result = self.train(self.here, "--out", self.here / "second", "--checkpoint", self.checkpoint, *more)
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertIn("another training keeps its run there", result.stderr)
        self.assertIsNone(first.poll())
        first.kill()
        first.communicate()
        self.assertIn("stopped after epoch", self.train(self.here).stderr)  # no lock is left behind
        self.checkpoint.unlink()
        self.assertEqual(self.train(self.here).returncode, 0)
        self.ends_as_if_undisturbed()
        self.assertFalse((self.here / "model.checkpoint.lock").exists())

    # --- disks ---

    def test_no_room_for_a_checkpoint(self):
        self.stop(signal.SIGINT)
        for limit in (0, 1000, 5_000_000):
            self.fails("--resume", says="File too large", preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit)))
        self.resumes()

    def test_disk_fills_up(self):
        """A file system with room for one checkpoint and not for two, that is enlarged afterwards."""
        mounted = self.here / "mounted"
        mounted.mkdir()
        script = """
            set -e
            mount -t tmpfs -o size=$ROOM tmpfs "$MOUNTED"
            trap 'umount "$MOUNTED"' EXIT
            if "$@"; then exit 9; fi
            test "$(ls "$MOUNTED")" = model.checkpoint
            mount -o remount,size=1G "$MOUNTED"
            "$@" --resume
            test "$(ls "$MOUNTED")" = model
            cp "$MOUNTED/model" "$RESULT"
            """
        self.stop(signal.SIGINT)
        room = self.checkpoint.stat().st_size * 3 // 2
        self.checkpoint.unlink()
        probe = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", str(mounted)]
        if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True).returncode != 0:
            self.skipTest("this system lets nobody mount a tmpfs of one's own")
        result = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh",
             *self.command(self.here, "--out", mounted / "model")], capture_output=True, text=True, timeout=300,
            env={**os.environ, "ROOM": str(room), "MOUNTED": str(mounted), "RESULT": str(self.here / "model")})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertRegex(result.stderr, "picovae: .*mounted/model.checkpoint.*No space left on device")
        self.ends_as_if_undisturbed()

    def test_no_room_for_the_log(self):
        result = self.train(self.here, "--log", "/dev/full")
        self.assertEqual(result.returncode, 1)
        self.assertIn("No space left", result.stderr)
        self.assertEqual(epochs_in(self.checkpoint), 1)
        self.resumes()

    def test_folder_of_the_checkpoint_vanishes(self):
        folder = self.here / "gone"
        folder.mkdir()
        process = subprocess.Popen(self.command(self.here, "--checkpoint", folder / "c", "--epochs", 100_000),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not (folder / "c").exists():
            pass
        while process.poll() is None:
            shutil.rmtree(folder, ignore_errors=True)
        _, error = process.communicate()
        self.assertEqual(process.returncode, 1, error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertIn(str(folder), error)
        self.assertFalse((self.here / "model").exists())

    # --- checkpoints that do not fit ---

    def test_other_options(self):
        self.stop(signal.SIGTERM)
        for option, here, there in (("--epochs", 9, 6), ("--lr", 0.25, 0.005), ("--seed", 2, 1), ("--batch", 50, 100),
                                    ("--pixels", "binary", "gray"), ("--preset", "deck", ""),
                                    ("--validation", 30, 0)):
            name = "--lr" if option == "--preset" else option
            error = self.fails("--resume", option, here, says=f"{name} is \"{there}" if there != "" else name)
            self.assertIn("here", error)
        other = self.here / "other"
        shutil.copytree(self.data, other)
        images = bytearray((other / "train-images-idx3-ubyte").read_bytes())
        images[-1] ^= 1
        (other / "train-images-idx3-ubyte").write_bytes(images)
        self.fails("--resume", "--data", other, says="--data is")
        shutil.rmtree(other)
        self.fails(says="stopped after epoch")  # --resume was forgotten
        self.fails("--resume", "--checkpoint", self.here / "none", says="no such checkpoint")
        self.fails("--checkpoint", self.here / "model", says="same file", status=2)
        self.fails("--resume", "--out", "/dev/null", says="--checkpoint")
        self.resumes()

    def test_a_shape_that_was_chosen(self):
        fit = ("--fit", "96K")
        undisturbed = self.here / "undisturbed"
        undisturbed.mkdir()
        self.assertEqual(self.train(undisturbed, *fit).returncode, 0)
        self.stop(signal.SIGTERM, *fit)
        for option, here in (("--fit", "128K"), ("--hidden", "300,300")):
            self.fails("--resume", option, here, says="shape is")
        result = self.train(self.here, "--resume", *fit)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((self.here / "model").read_bytes(), (undisturbed / "model").read_bytes())

    def test_damaged_checkpoints(self):
        self.stop(signal.SIGINT)
        good = self.checkpoint.read_bytes()
        draw = random.Random(2)
        flipped = bytearray(good)
        flipped[draw.randrange(len(good))] ^= 1 << draw.randrange(8)
        for damaged in (b"", good[:8], good[:5000], good[:-1], good + b"\0", bytes(flipped), draw.randbytes(100_000),
                        b"\xff" * 8, (self.whole / "model").read_bytes()):
            self.checkpoint.write_bytes(damaged)
            self.fails("--resume", says=str(self.checkpoint))
            self.fails(says=str(self.checkpoint))
        self.checkpoint.write_bytes(good)
        self.resumes()

    def test_divergence_is_located(self):
        """At these rates nothing can go on for long, and the last good epoch stays."""
        in_step = r", step \d+: {} is no longer finite; lower --lr"
        at_end = "(" + in_step.format(".*") + "|: all weights are finite, but not the loss of test images; lower --lr)"
        for preset, rate, what in (("deck", 1e30, in_step.format(r"(the gradient of )?(encoder|decoder)\S*")),
                                   ("default", 1e30, in_step.format(".*")), ("deck", 1000, at_end),
                                   ("default", 1000, at_end)):
            with self.subTest(preset=preset, rate=rate):
                result = self.train(self.here, "--preset", preset, "--lr", rate)
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertRegex(result.stderr, rf"^picovae: training diverged in epoch \d+{what}; "
                                                r".*model.checkpoint holds it after epoch \d+\n$")
                self.assertLess(epochs_in(self.checkpoint), EPOCHS)
                self.assertFalse((self.here / "model").exists())
                loads = subprocess.run([PROGRAM, "info", self.checkpoint], capture_output=True, text=True)
                self.assertEqual(loads.returncode, 0, loads.stderr)
                self.checkpoint.unlink()

    def test_the_cure_is_the_cause(self):
        for option, value in (("--beta", 1e30), ("--bias-rate", 1e30), ("--lr", 1e30)):
            result = self.train(self.here, option, value)
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertIn(f"; lower {option}; ", result.stderr)
            self.checkpoint.unlink()

    def test_absurd_learning_rate(self):
        """Training at 10 comes to a model of finite weights or to an error, and never to a figure that is none."""
        for preset in ("default", "deck"):
            result = self.train(self.here, "--preset", preset, "--lr", 10)
            self.assertNotRegex(result.stdout, "nan|inf")
            self.assertEqual((self.here / "model").exists(), result.returncode == 0)
            if result.returncode != 0:
                self.assertRegex(result.stderr, r"^picovae: training diverged in epoch \d+.*lower --lr.*\n$")
                self.checkpoint.unlink()
            else:
                (self.here / "model").unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=KILLS)
    arguments = parser.parse_args()
    PROGRAM, KILLS = str(pathlib.Path(arguments.program).resolve()), arguments.kills
    unittest.main(argv=sys.argv[:1])
