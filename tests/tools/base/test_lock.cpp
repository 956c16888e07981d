#include "tools/base/lock.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "tests/tools/temporary_folder.hpp"

using namespace picovae::tools;
using namespace picovae::tests;

TEST_CASE("one process holds a lock, until it ends however it does") {
  const TemporaryFolder folder;
  const auto path = folder / "lock";
  {
    const FileLock first(path);
    CHECK(first.is_held());
    CHECK_FALSE(FileLock(path).is_held());  // and that does not release it
    CHECK_FALSE(FileLock(path).is_held());
  }
  CHECK(folder.count() == 0);
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(path);
    static_cast<void>(::write(ready[1], "x", 1) == 1);
    for (;;) ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK_FALSE(FileLock(path).is_held());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(folder.count() == 1);  // what is left means nothing
  CHECK(FileLock(path).is_held());
  CHECK(folder.count() == 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("a lock on a file that has lost its name to another") {
  const TemporaryFolder folder;
  const auto path = folder / "lock";
  const auto opened = [&] { return Descriptor(::open(path.c_str(), O_RDWR | O_CREAT, 0600)); };
  Descriptor first = opened();
  const Descriptor second = opened();
  CHECK(lock_file(first.get(), path) == Locking::kHeld);
  CHECK(lock_file(second.get(), path) == Locking::kTaken);
  ::unlink(path.c_str());
  first.close();
  CHECK(lock_file(second.get(), path) == Locking::kNameless);
  const Descriptor third = opened();
  CHECK(lock_file(second.get(), path) == Locking::kNameless);
  CHECK(lock_file(third.get(), path) == Locking::kHeld);
}
