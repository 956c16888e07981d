"""A model of format version 1 in every command: it does what it did, and what is made of it is of version 2.
   test_cli_version_1.py PROGRAM"""

import json
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
import cli

COMMITTED = pathlib.Path(__file__).resolve().parents[2] / "engine/models/version_1.pvae"
SIGNED = {"signature": "9c1c5e12", "signature_reconstruct": "0b4212bc"}


class Version1(cli.CliTest):
    def setUp(self):
        self.old = self.root / "version_1.pvae"
        shutil.copy(COMMITTED, self.old)

    def info(self, model):
        return json.loads(self.good("info", model, "--json"))

    def test_info(self):
        info = self.info(self.old)
        self.assertEqual(info["version"], 1)
        self.assertLessEqual(SIGNED.items(), info.items())
        self.assertEqual(info["signature_scores"], "00000000")
        self.assertEqual((info["dead_inputs"], info["dead_outputs"], info["thresholds"]), (0, 0, None))
        self.assertEqual(info["classes"]["labels"], list(range(10)))
        text = self.good("info", self.old)
        self.assertIn("format 1", text)
        self.assertNotIn("scores of the digits", text)

    def test_self_test(self):
        for row in json.loads(self.good("self-test", self.old, "--every-isa", "--json")):
            if row["ran"]:
                self.assertTrue(row["ok"], row)
                self.assertLessEqual(SIGNED.items(), row.items())

    def test_export(self):
        old = self.info(self.old)
        for layout in ("host", "cortex-m", "mve"):
            for half in ((), ("--decoder-only",)):
                new = self.root / "new.pvae"
                self.good("export", self.old, "--layout", layout, *half, "--out", new)
                info = self.info(new)
                self.assertEqual(info["version"], 2)
                self.assertEqual(info["signature"], old["signature"])
                self.assertEqual(info["signature_scores"], "00000000")
                self.assertEqual(info["model_id"] == old["model_id"], not half)
                self.assertEqual(info["classes"], old["classes"])
                self.good("self-test", new)
        self.good("export", self.old, "--c-array", self.root / "old.c")

    def test_what_is_drawn_is_the_same_in_version_2(self):
        new = self.root / "host.pvae"
        self.good("export", self.old, "--layout", "host", "--out", new)
        for command, *arguments in (("generate", "--count", 20), ("generate", "--digit", "all"),
                                    ("generate", "--digit", 7, "--seed", 3),
                                    ("reconstruct", "--data", self.data, "--count", 10),
                                    ("interpolate", "--data", self.data, "--from", 0, "--to", 8),
                                    ("encode", "--data", self.data),
                                    ("map", "--data", self.data)):
            written = []
            for model in (self.old, new):
                out = self.root / ("out.csv" if command == "encode" else "out.png")
                self.good(command, model, *arguments, "--out", out)
                written.append(out.read_bytes())
            self.assertEqual(*written, command)
        for command, *arguments in (("eval",), ("nll", "--samples", 3, "--count", 50)):
            told = [self.good(command, model, "--data", self.data, *arguments, "--json") for model in (self.old, new)]
            self.assertEqual(*told)

    def test_classes(self):
        new = self.root / "classes.pvae"
        self.good("classes", self.old, "--data", self.data, "--out", new)
        info = self.info(new)
        self.assertEqual(info["version"], 2)
        self.assertLessEqual(SIGNED.items(), info.items())
        self.assertNotEqual(info["classes"]["signature"], self.info(self.old)["classes"]["signature"])
        self.good("self-test", new)

    def test_score_keep(self):
        new = self.root / "kept.pvae"
        before = self.old.read_bytes()
        told = json.loads(self.good("score", self.old, "--data", self.data, "--keep", new, "--json"))
        self.assertEqual(self.old.read_bytes(), before)
        info = self.info(new)
        self.assertEqual(info["version"], 2)
        self.assertLessEqual(SIGNED.items(), info.items())
        self.assertEqual(info["thresholds"]["images"], told["images"])
        self.assertEqual(info["classes"], self.info(self.old)["classes"])
        self.good("self-test", new)
        fitted = self.root / "fitted.pvae"
        self.good("classes", new, "--data", self.data, "--out", fitted)
        self.assertEqual(self.info(fitted)["thresholds"], info["thresholds"])
        self.good("score", self.old, "--data", self.data, "--keep", self.old)
        self.assertEqual(self.old.read_bytes(), new.read_bytes())


if __name__ == "__main__":
    cli.main()
