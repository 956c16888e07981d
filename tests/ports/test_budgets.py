"""What ports/budgets.py lets pass and what it stops.   test_budgets.py"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "ports" / "budgets.py"
SHAPE = "784,300,300,50"


class Budgets(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.budgets = pathlib.Path(self.folder.name) / "budgets.json"
        self.budgets.write_text(json.dumps({
            "compiler": "gcc 12.2.1", "shape": SHAPE,
            "limits": {"full": {"m4": {"decode_instructions": 1050}}, "decoder": {}},
            "measured": {"full": {"m4": {"decode_instructions": 1000, "stack": 500}}, "decoder": {}}}))

    def run_with(self, decode=1000, stack=500, compiler="gcc 12.2.1", shape=SHAPE, *more):
        table = pathlib.Path(self.folder.name) / "table.json"
        table.write_text(json.dumps([{"board": "m4", "decode_instructions": decode, "stack": stack},
                                     {"board": "unknown", "decode_instructions": 9}]))
        return subprocess.run(
            [sys.executable, SCRIPT, table, "--budgets", self.budgets, "--shape", shape, "--parts", "full",
             "--compiler", compiler, *more], capture_output=True, text=True)

    def test_what_was_measured_and_two_percent_more_pass(self):
        self.assertEqual(self.run_with().returncode, 0)
        self.assertEqual(self.run_with(decode=1020, stack=510).returncode, 0)
        self.assertEqual(self.run_with(decode=500).returncode, 0)

    def test_growth_beyond_two_percent_fails_with_the_same_compiler_only(self):
        result = self.run_with(decode=1021)
        self.assertEqual(result.returncode, 1)
        self.assertIn("m4: decode_instructions grew from 1000 to 1021", result.stderr)
        self.assertEqual(self.run_with(stack=511).returncode, 1)
        self.assertEqual(self.run_with(decode=1049, stack=900, compiler="gcc 13").returncode, 0)

    def test_a_limit_holds_for_every_compiler(self):
        result = self.run_with(decode=1051, compiler="clang 14.0.6")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the budget 1050", result.stderr)

    def test_update_takes_figures_unless_they_exceed_a_limit(self):
        self.assertEqual(self.run_with(1051, 500, "gcc 13", SHAPE, "--update").returncode, 1)
        self.assertEqual(self.run_with(1040, 700, "gcc 13", SHAPE, "--update").returncode, 0)
        budgets = json.loads(self.budgets.read_text())
        self.assertEqual(budgets["compiler"], "gcc 13")
        self.assertEqual(budgets["measured"]["full"]["m4"], {"decode_instructions": 1040, "stack": 700})
        self.assertEqual(self.run_with(1040, 700, "gcc 13").returncode, 0)

    def test_another_shape_has_no_budgets(self):
        self.assertEqual(self.run_with(decode=10**9, shape="784,128,64,16").returncode, 0)


unittest.main()
