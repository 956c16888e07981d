#!/usr/bin/env python3
"""The faults that mutants.py makes in a small file."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
try:
    import mutants
except ImportError:
    mutants = None

SOURCE = b"""#define UNIT 64
static_assert(UNIT > 1);
int low(int a, int b);
bool check(int a, int b, bool open) {
  if (a < b && open) ++a;
  a = low(a, b) << 2;
  return !(a == 7);
}
"""
WANTED = {
    b"if (a <= b && open)", b"if (a > b && open)", b"if (a < b || open)", b"--a;", b"open) ;",
    b"a = low(b, a) << 2;", b"a = low(a, b) >> 2;", b"a = low(a, b) << 3;", b"a = low(a, b) << 1;",
    b"return (a == 7);", b"return !(a != 7);", b"return !(a == 8);", b"return !(a == 6);",
}


@unittest.skipIf(mutants is None, "python3-clang is not installed")
class Mutants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "small.cpp"
            path.write_bytes(SOURCE)
            cls.found = mutants.find_mutants(path, ["-std=c++20"])
        cls.results = [mutant.apply(SOURCE) for mutant in cls.found]

    def test_each_fault_is_there(self):
        for wanted in WANTED:
            self.assertTrue(any(wanted in result for result in self.results), wanted)

    def test_each_is_another_and_changes_what_runs(self):
        self.assertEqual(len(set(self.results)), len(self.results))
        for result in self.results:
            self.assertNotEqual(result, SOURCE)
            self.assertTrue(result.startswith(SOURCE[:SOURCE.index(b"bool check")]), result)  # no type, no assertion

    def test_lines(self):
        self.assertEqual({mutant.line for mutant in self.found}, {5, 6, 7})


if __name__ == "__main__":
    unittest.main()
