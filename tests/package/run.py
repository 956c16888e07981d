#!/usr/bin/env python3
"""picovae in other people's builds: installed, as a part of their projects, in their firmware.

   run.py BUILD_FOLDER CXX CC [TESTS]      BUILD_FOLDER has a built picovae, which is installed into a scratch folder
"""
import ctypes
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODEL = ROOT / "engine/models/mnist_s8.pvae"
BUILD = CXX = CC = ""

# Projects of strangers. Each builds a program from main.cpp or main.c.
FINDS = """
cmake_minimum_required(VERSION 3.22)
project(stranger LANGUAGES @LANGUAGE@)
find_package(picovae REQUIRED)
add_executable(stranger @MAIN@)
target_link_libraries(stranger PRIVATE picovae::picovae)
"""

# In C without a word of C++, and with a shared object that has the engine within.
C_PARENT = """
cmake_minimum_required(VERSION 3.22)
project(stranger LANGUAGES C)
add_subdirectory(plugin)
add_subdirectory(@ROOT@ picovae)
add_executable(stranger @MAIN@)
target_link_libraries(stranger PRIVATE picovae::picovae)
install(TARGETS stranger)
"""
C_PLUGIN = """
add_library(plugin MODULE @MAIN@)
target_compile_definitions(plugin PRIVATE main=plugin_main)
target_link_libraries(plugin PRIVATE picovae::picovae)
"""

# With settings of its own for C++, which the engine neither takes nor changes.
FETCHING_PARENT = """
cmake_minimum_required(VERSION 3.22)
project(stranger LANGUAGES CXX)
set(CMAKE_CXX_STANDARD @STANDARD@)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_UNITY_BUILD ON)
set(BUILD_SHARED_LIBS ON)
set(PICOVAE_INSTALL ON)
include(FetchContent)
FetchContent_Declare(picovae SOURCE_DIR @ROOT@ SOURCE_SUBDIR engine)
FetchContent_MakeAvailable(picovae)
if(NOT "${CMAKE_CXX_STANDARD} ${CMAKE_CXX_EXTENSIONS} ${CMAKE_BUILD_TYPE}" STREQUAL "@STANDARD@ ON ")
  message(FATAL_ERROR "picovae has changed its parent")
endif()
add_executable(stranger @MAIN@)
target_link_libraries(stranger PRIVATE picovae::picovae)
"""


def run(*command, env=None, fails=False):
    """The output of a command, which must succeed, or fail."""
    result = subprocess.run([str(part) for part in command], env={**os.environ, **(env or {})}, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if (result.returncode != 0) != fails:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


class Strangers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.scratch = pathlib.Path(cls.folder.name)

    def write(self, name, text, language, **words):
        """A project of a stranger. Returns its folder."""
        folder = self.scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        words.update(ROOT=ROOT, LANGUAGE=language, MAIN=HERE / ("main.c" if language == "C" else "main.cpp"))
        (folder / "CMakeLists.txt").write_text(re.sub(r"@(\w+)@", lambda word: str(words[word[1]]), text))
        return folder

    def configure(self, folder, *options):
        """Returns the build folder."""
        build = folder / "build"
        run("cmake", "-S", folder, "-B", build, f"-DCMAKE_CXX_COMPILER={CXX}", f"-DCMAKE_C_COMPILER={CC}", *options)
        return build

    def build_and_run(self, folder, *options):
        build = self.configure(folder, *options)
        run("cmake", "--build", build, "-j", os.cpu_count())
        self.assertEqual(run(build / "stranger"), "no model is open\n")
        return build

    def build_by_pkg_config(self, prefix):
        """Programs in C and C++ without CMake."""
        library = next(prefix.glob("lib*/**/pkgconfig")).parent
        flags = run("pkg-config", "--cflags", "--libs", "picovae",
                    env={"PKG_CONFIG_PATH": str(library / "pkgconfig")}).split()
        for compiler, standard, main in ((CC, "c11", "main.c"), (CXX, "c++20", "main.cpp")):
            program = self.scratch / f"by_pkg_config_{standard}"
            run(compiler, f"-std={standard}", HERE / main, *flags, "-o", program)
            self.assertEqual(run(program, env={"LD_LIBRARY_PATH": str(library)}), "no model is open\n")


class Installed(Strangers):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Moved, as a package is between being made and being used.
        run("cmake", "--install", BUILD, "--prefix", cls.scratch / "made")
        cls.prefix = (cls.scratch / "made").rename(cls.scratch / "prefix")

    def test_program_model_and_documents(self):
        model = self.prefix / "share/picovae/mnist_s8.pvae"
        self.assertEqual(model.read_bytes(), MODEL.read_bytes())
        self.assertIn("layout host", run(self.prefix / "bin/picovae", "info", model))
        for name in ("LICENSE", "README.md", "FORMAT.md"):
            self.assertTrue((self.prefix / "share/doc/picovae" / name).is_file(), name)

    def test_a_man_page_for_each_command(self):
        run("cmake", "--build", BUILD, "--target", "picovae_man")
        run("cmake", "--install", BUILD, "--prefix", self.prefix)
        pages = {path.name: path.read_text() for path in (self.prefix / "share/man/man1").iterdir()}
        said = run(BUILD / "picovae", "--help").partition("Subcommands:\n")[2].partition("\n\n")[0]
        commands = re.findall(r"^  ([a-z-]+)", said, re.MULTILINE)
        self.assertEqual(set(pages), {"picovae.1", *(f"picovae-{command}.1" for command in commands)})
        for name, text in pages.items():
            with self.subTest(page=name):
                page = name.removesuffix(".1")
                self.assertIn(f".TH {page.upper()} ", text)
                self.assertIn(f".SH NAME\n{page} \\- ", text)
                for path in (str(ROOT), str(BUILD), str(pathlib.Path.home()) + "/", "/tmp"):
                    self.assertNotIn(path, text)

    def complete(self, *words):
        """What bash offers for the last word."""
        script = self.prefix / "share/bash-completion/completions/picovae"
        return run("bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _picovae; '
                   'printf "%s\\n" "${COMPREPLY[@]}"', script, self.prefix / "bin/picovae", *words).split()

    def test_completion(self):
        self.assertIn("self-test", self.complete(""))
        self.assertEqual(self.complete("gen"), ["generate"])
        self.assertEqual(self.complete("--ver"), ["--version"])
        self.assertIn("--type", self.complete("quantize", "--t"))
        self.assertEqual(self.complete("quantize", "--type", "b"), ["bf16"])
        self.assertEqual(self.complete("info", str(MODEL)[:-3]), [str(MODEL)])
        self.assertEqual(self.complete("generate", MODEL, "--out", str(MODEL)[:-3]), [str(MODEL)])

    def test_found_by_cmake(self):
        self.build_and_run(self.write("cxx", FINDS, "CXX"), f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.build_and_run(self.write("c", FINDS, "C"), f"-DCMAKE_PREFIX_PATH={self.prefix}",
                           "-DCMAKE_C_FLAGS=-std=c11 -Wall -Wextra -Wpedantic -Werror")

    def test_found_by_pkg_config(self):
        self.build_by_pkg_config(self.prefix)

    def test_a_program_of_another_shape_does_not_link(self):
        """It would give the library arenas of the wrong size."""
        library = next(self.prefix.glob("lib*/**/libpicovae.a"))
        link = [CC, "-std=c11", "-I", self.prefix / "include", HERE / "main.c", library, "-lm", "-o",
                self.scratch / "other"]
        run(*link, "-DPICOVAE_SHAPE=784,300,300,50")
        self.assertIn("picovae_open_784_128_64_16", run(*link, "-DPICOVAE_SHAPE=784,128,64,16", fails=True))


class InProjects(Strangers):
    def test_parent_in_c(self):
        folder = self.write("c", C_PARENT, "C")
        self.write("c/plugin", C_PLUGIN, "C")
        build = self.build_and_run(folder)
        self.assertEqual(ctypes.CDLL(str(build / "plugin/libplugin.so")).plugin_main(), 0)
        run("cmake", "--install", build, "--prefix", self.scratch / "c/prefix")
        installed = [path.name for path in (self.scratch / "c/prefix").rglob("*") if path.is_file()]
        self.assertEqual(installed, ["stranger"])  # its own, nothing of picovae

    def test_engine_alone_as_a_shared_library(self):
        build = self.build_and_run(self.write("shared", FETCHING_PARENT, "CXX", STANDARD=17))
        version = run(BUILD / "picovae", "--version").split()[1]
        library = next(build.rglob(f"libpicovae.so.{version}"))
        self.assertIn(f"[libpicovae.so.{version.rpartition('.')[0]}]", run("readelf", "--dynamic", library))
        run("cmake", "--install", build, "--prefix", self.scratch / "shared/prefix")
        self.build_by_pkg_config(self.scratch / "shared/prefix")

    def test_standard_of_the_parent(self):
        build = self.configure(self.write("standard", FETCHING_PARENT, "CXX", STANDARD=23),
                               "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
        for entry in json.loads((build / "compile_commands.json").read_text()):
            engines = "CMakeFiles/picovae.dir/" in entry["command"]
            self.assertRegex(entry["command"], r"-std=c\+\+(20|2a) " if engines else r"-std=gnu\+\+(23|2b) ")

    def test_a_shape_that_is_none_is_refused(self):
        for shape in ("", "784,300,fifty,50", "784,0,300,50", "784,300", "784,300,300,50,1", "784,-3,300,50",
                      "784,300,4097,50", "784,300,300,2049", "784,300,300,99999999999999999999", "784;300;300;50",
                      "0784,300,300,50", "784, 300, 300, 50"):
            with self.subTest(shape=shape):
                script = run("cmake", f"-DPICOVAE_SHAPE={shape}", "-P", ROOT / "engine/cmake/shape.cmake", fails=True)
                self.assertIn(f"PICOVAE_SHAPE is '{shape}': want whole numbers", " ".join(script.split()))
        for shape in ("1,1,1,1", "4096,4096,4096,2048", "784,400,20", "4096,4096,2048"):
            run("cmake", f"-DPICOVAE_SHAPE={shape}", "-P", ROOT / "engine/cmake/shape.cmake")
        self.assertIn("PICOVAE_SHAPE is 'tiny'", run("cmake", "-S", ROOT / "engine", "-B", self.scratch / "tiny",
                                                     "-DPICOVAE_SHAPE=tiny", fails=True))


class InFirmware(Strangers):
    @unittest.skipUnless(shutil.which("arm-none-eabi-g++") and shutil.which("qemu-system-arm"),
                         "no Arm compiler or emulator (tools/install_packages.sh boards)")
    def test_link_time_optimization(self):
        """The compiler's calls of memset and memcpy appear after the linker has chosen what to keep."""
        flags = {"CFLAGS": "-flto", "CXXFLAGS": "-flto"}
        said = run(ROOT / "ports/stm32f4/run.sh", "--picovae", BUILD / "picovae", "--build", self.scratch / "lto",
                   env=flags)
        self.assertIn("af5e19b5", said)  # the model's signature


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    BUILD, (CXX, CC) = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:4]
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
