"""Each rule of includes.py, broken in a scratch repository.   test_includes.py"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("includes.py")
sys.path.insert(0, str(SCRIPT.parent))
from includes import Includes

# A repository that keeps every rule.
SOUND = {
    "engine/include/picovae/shape.hpp": "#pragma once\n#include <cstddef>\n",
    "engine/include/picovae/picovae.h": "#include <stdint.h>\n",
    "engine/src/blob.cpp": '#include "picovae/shape.hpp"\n#include "half.hpp"\n',
    "engine/src/half.hpp": "#include <bit>\n",
    "engine/src/host/simd.hpp": "#include <xsimd/xsimd.hpp>\n",
    "engine/src/host/isa/avx2.hpp": '#include <immintrin.h>\n#include "host/simd.hpp"\n',
    "ports/common/port.hpp": "#include <cstdint>\n",
    "ports/common/demo.cpp": '#include "port.hpp"\n#include "picovae/shape.hpp"\n',
    "ports/stm32f4/main.c": '#include "digits.h"\n#include "picovae/picovae.h"\n',
    "tools/main.cpp": '#include "tools/commands/commands.hpp"\n',
    "tools/base/error.hpp": "#include <string>\n",
    "tools/data/idx.hpp": '#include "tools/base/error.hpp"\n',
    "tools/format/network.hpp": '#include "tools/base/error.hpp"\n',
    "tools/measure/elbo.hpp": '#include "tools/format/network.hpp"\n#include "tools/data/idx.hpp"\n',
    "tools/quantize/rounding.hpp": '#include "tools/measure/elbo.hpp"\n',
    "tools/train/trainer.hpp": '#include "tools/measure/elbo.hpp"\n',
    "tools/view/grid.hpp": '#include "tools/base/error.hpp"\n',
    "tools/commands/commands.hpp": '#include "tools/train/trainer.hpp"\n#include "tools/view/grid.hpp"\n',
    "bench/models.hpp": '#include "tools/quantize/rounding.hpp"\n',
    "bench/peers/onednn.cpp": '#include "models.hpp"\n',
    "tests/engine/test_half.cpp": '#include "half.hpp"\n#include "tools/format/network.hpp"\n',
    "tests/tools/measure/test_elbo.cpp": '#include "tools/measure/elbo.hpp"\n',
}

# (folder, a line in a file there, what is said about it)
BROKEN = [
    ("engine/src", "#include <vector>", "bare arm-none-eabi"),
    ("engine/src", "#include <immintrin.h>", "bare arm-none-eabi"),
    ("engine/src", "#  include <cstring>", "bare arm-none-eabi"),
    ("engine/src", '#include "tools/base/error.hpp"', "engine/src must not know tools/base"),
    ("engine/src", '#include "host/simd.hpp"', "engine/src must not know engine/src/host"),
    ("engine/include/picovae", '#include "half.hpp"', "engine/include must not know engine/src"),
    ("ports/common", '#include "half.hpp"', "ports/common must not know engine/src"),
    ("ports/common", '#include "tools/base/error.hpp"', "ports/common must not know tools/base"),
    ("ports/sun", '#include "picovae/shape.hpp"', "ports/sun is missing in ARROWS"),
    ("tools", '#include "models.hpp"', "tools must not know bench"),
    ("tools/base", '#include "tools/data/idx.hpp"', "tools/base must not know tools/data"),
    ("tools/data", '#include "tools/format/network.hpp"', "tools/data must not know tools/format"),
    ("tools/format", '#include "tools/measure/elbo.hpp"', "tools/format must not know tools/measure"),
    ("tools/measure", '#include "tools/train/trainer.hpp"', "tools/measure must not know tools/train"),
    ("tools/train", '#include "tools/quantize/rounding.hpp"', "tools/train must not know tools/quantize"),
    ("tools/view", '#include "tools/data/idx.hpp"', "tools/view must not know tools/data"),
    ("tools/view", '#include "tools/commands/commands.hpp"', "tools/view must not know tools/commands"),
    ("bench", '#include "port.hpp"', "bench must not know ports/common"),
    ("tests/tools/measure", '#include "tools/train/trainer.hpp"', "must not know tools/train"),
    ("tools", '#include "tools/base/gone.hpp"', "there is no such header"),
    ("tools", "#include <picovae/gone.hpp>", "there is no such header"),
    ("tools/data", '#include "../base/error.hpp"', "write the path from a root"),
    ("tools", "#include PICOVAE_HEADER", "name the header itself"),
    ("tools", '#include "broken.hpp"', "a circle: tools/broken.hpp -> tools/broken.hpp"),
]


class TestIncludes(unittest.TestCase):
    def offences(self, changes):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**SOUND, **changes}.items():
                path = pathlib.Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return Includes(root).check()

    def test_a_sound_repository_passes(self):
        self.assertEqual(self.offences({}), [])

    def test_each_broken_rule_is_reported_with_its_line(self):
        for folder, line, message in BROKEN:
            with self.subTest(folder=folder, line=line):
                found = self.offences({f"{folder}/broken.hpp": f"// 1\n\n{line}\n"})
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(f"{folder}/broken.hpp:3: "), found)
                self.assertIn(message, found[0])

    def test_headers_of_one_folder_may_not_go_in_a_circle(self):
        found = self.offences({"tools/base/error.hpp": '#include "tools/base/file.hpp"\n',
                               "tools/base/file.hpp": '#include "tools/base/error.hpp"\n'})
        self.assertEqual(len(found), 1, found)
        self.assertIn("tools/base/error.hpp -> tools/base/file.hpp -> tools/base/error.hpp", found[0])

    def test_xsimd_is_in_one_header(self):
        for changes in ({"engine/src/blob.cpp": "#include <xsimd/xsimd.hpp>\n"},
                        {"engine/src/host/simd.hpp": ""}):
            found = self.offences(changes)
            self.assertEqual(len(found), 1, found)
            self.assertIn("expected in one header", found[0])

    def test_exit_status(self):
        self.assertEqual(subprocess.run([sys.executable, SCRIPT]).returncode, 0)
        with tempfile.TemporaryDirectory() as root:
            done = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("is it the repository?", done.stderr)


if __name__ == "__main__":
    unittest.main()
