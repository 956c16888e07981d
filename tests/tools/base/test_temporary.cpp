// Temporary, by the files that are written through it.
#include "tools/base/temporary.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

constexpr std::size_t kLimit = 1000;

}  // namespace

TEST_CASE("a temporary file takes no name that is taken") {
  const TemporaryFolder folder;
  const auto name = ".picovae-" + std::to_string(::getpid()) + "-0.tmp";
  fs::create_symlink("nowhere", folder / name);  // what is no file is left alone
  write_file(folder / "a", "A");
  CHECK(text_of(folder / "a") == "A");
  CHECK(fs::is_symlink(folder / name));
  CHECK_FALSE(fs::exists(folder / "nowhere"));
}

TEST_CASE("names of temporary files are for nobody else") {
  const TemporaryFolder folder;
  fs::create_symlink(".picovae-1-2.tmp", folder / "link");
  for (const char* name : {".picovae-1-2.tmp", "link"}) {
    const auto message = message_of([&] { write_file(folder / name, "x"); });
    CHECK(is_one_line_about(message, folder / name));
    CHECK(contains(message, "temporary"));
    CHECK(folder.count() == 1);
  }
  for (const char* name : {".picovae-1.tmp", ".picovae-1-2-3.tmp", ".picovae-1-x.tmp",
                           "picovae-1-2.tmp", ".picovae-1-2.tmp2", ".picovae-"}) {
    write_file(folder / name, "x");
    write_file(folder / "a", "x");
    CHECK(text_of(folder / name) == "x");
  }
}

TEST_CASE("what a killed process has left goes with the next file in that folder") {
  const TemporaryFolder folder;
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(message_of([&] {
      OutputFile file(folder / "a");
      file.write("half of it");
      const Temporary data(Temporary::Kind::kFolder, folder / "data", "data");
      write_file(data.path() / "images", "x");
      static_cast<void>(::write(ready[1], "x", 1) == 1);
      for (;;) ::pause();
    }));
    ::_exit(1);
  }
  ::close(ready[1]);
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  write_file(folder / "b", "B");
  CHECK(folder.count() == 3);  // it lives
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(folder.count() == 3);
  check_writable(folder / "c");
  CHECK(folder.count() == 1);
  ::close(ready[0]);
}

TEST_CASE("processes that write one file at once each leave it whole, and nothing else") {
  const TemporaryFolder folder;
  constexpr int kProcesses = 4;
  constexpr int kTimes = 60;
  std::vector<pid_t> children;
  for (int number = 0; number < kProcesses; ++number) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    const std::string text(kLimit, static_cast<char>('a' + number));
    const auto message = message_of([&] {
      for (int i = 0; i < kTimes; ++i) write_file(folder / "a", text);
    });
    ::_exit(message.empty() ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  const std::string text = text_of(folder / "a");
  CHECK(text == std::string(kLimit, text.at(0)));
  CHECK(folder.count() == 1);
}
