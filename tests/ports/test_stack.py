"""The bounds that ports/stack.py finds in graphs as GCC writes them."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ports"))
import stack  # noqa: E402
from harness.script import Failure  # noqa: E402


def graph(frames, calls, kernels=(), kind="static"):
    def text(names):
        lines = [f'node: {{ title: "{name}" label: "{name}()\\nfile.cpp:1:1\\n{frames[name]} bytes ({kind})" }}'
                 for name in names]
        lines += [f'edge: {{ sourcename: "{caller}" targetname: "{callee}" label: "file.cpp:2:2" }}'
                  for caller, callee in calls if caller in names]
        return "\n".join(lines)

    result = stack.Graph()
    result.read(text([name for name in frames if name not in kernels]), kernels=False)
    result.read(text(kernels), kernels=True)
    return result


class Stack(unittest.TestCase):
    def test_the_longest_path_counts(self):
        found = graph({"open": 10, "small": 1, "large": 100, "leaf": 7},
                      [("open", "small"), ("open", "large"), ("small", "leaf"), ("large", "leaf")])
        self.assertEqual(found.most("open"), 117)
        self.assertEqual(found.most("small"), 8)

    def test_assembly_language_of_libgcc(self):
        self.assertEqual(graph({"open": 10}, [("open", "__aeabi_lmul")]).most("open"), 10 + stack.LIBGCC_FRAME)

    def test_a_pointer_leads_to_any_kernel_and_a_kernel_to_its_helpers(self):
        found = graph({"decode": 10, "dense": 20, "multiply": 5, "start": 40, "other": 1000},
                      [("decode", stack.INDIRECT), ("dense", stack.INDIRECT)], kernels=("dense", "multiply", "start"))
        self.assertEqual(found.most("decode"), 10 + 20 + 40)

    def test_what_assembly_language_pushes(self):
        def function(name, *written):
            return "\n".join([f"{name}:", "\tpush\t{r4, lr}", '@ 60 "dsp.cpp" 1', *written, '@ 0 "" 2', "\tbx lr", ""])

        found = stack.pushed_bytes(function("_Z3one", "\tpush   {r4-r11, lr}  ", "\tpush {r3, r12}", "\tpop {r3, r12}")
                                   + function("_Z3two.part.0", "\tadd r4, r5") + function("_Z5three", "\tsub sp, #24"))
        self.assertEqual(found, {"_Z3one": 44, "_Z3two.part.0": 0, "_Z5three": 24})
        for written in "\tvpush {d8}", "\tstmdb sp!, {r4}", "\tstr r4, [sp, #-4]!", "\tsub sp, sp, r4":
            with self.assertRaisesRegex(Failure, "_Z3one moves the stack pointer in a way that is not counted"):
                stack.pushed_bytes(function("_Z3one", "\tadd r4, r5", written))
        graph = stack.Graph()
        graph.read('node: { title: "dsp.cpp:_Z3one" label: "one()\\nfile.cpp:1:1\\n8 bytes (static)" }', True, found)
        self.assertEqual(graph.most("dsp.cpp:_Z3one"), 52)

    def test_what_has_no_bound(self):
        with self.assertRaisesRegex(Failure, "a may call itself"):
            graph({"a": 1, "b": 1}, [("a", "b"), ("b", "a")]).most("a")
        with self.assertRaisesRegex(Failure, "open calls printf, whose frame is unknown"):
            graph({"open": 1}, [("open", "printf")]).most("open")
        with self.assertRaisesRegex(Failure, "the frame of a is dynamic"):
            graph({"a": 1}, [], kind="dynamic")


if __name__ == "__main__":
    unittest.main()
