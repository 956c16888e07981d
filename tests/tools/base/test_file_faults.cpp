// Files on a disk that fails: full at any byte, interrupted, unable to flush or to rename. The old
// file or the new one is there afterwards, never a part, and nothing else.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

// What the system calls below do to their callers.
struct Disk {
  bool watched = false;
  std::size_t room = std::numeric_limits<std::size_t>::max();  // bytes until it is full
  std::size_t most_at_once = std::numeric_limits<std::size_t>::max();
  bool interrupted = false;  // every second write, by a signal
  int file_sync_error = 0, folder_sync_error = 0, rename_error = 0;
  std::vector<std::string_view> calls = {};

  void record(std::string_view call) {
    if (calls.empty() || calls.back() != call) calls.push_back(call);
  }
};
Disk disk;

int failing(int error) {
  errno = error;
  return -1;
}

bool is_folder(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

// A disk with faults while one test runs.
class Faults {
 public:
  explicit Faults(Disk faults = {}) {
    disk = std::move(faults);
    disk.watched = true;
  }
  ~Faults() { disk = {}; }
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
};

}  // namespace

// These stand in for the C library's, for tools/base/file.cpp too.
extern "C" {

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  if (disk.watched) {
    disk.record("write");
    static bool interrupt = false;
    interrupt = disk.interrupted && !interrupt;
    if (interrupt) return failing(EINTR);
    if (disk.room == 0) return failing(ENOSPC);
    size = std::min({size, disk.room, disk.most_at_once});
    disk.room -= size;
  }
  return ::syscall(SYS_write, descriptor, bytes, size);
}

int fsync(int descriptor) {
  if (disk.watched) {
    const bool folder = is_folder(descriptor);
    disk.record(folder ? "fsync folder" : "fsync");
    const int error = folder ? disk.folder_sync_error : disk.file_sync_error;
    if (error != 0) return failing(error);
  }
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

int rename(const char* from, const char* to) noexcept {
  if (disk.watched) {
    disk.record("rename");
    if (disk.rename_error != 0) return failing(disk.rename_error);
  }
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

}  // extern "C"

TEST_CASE("the file is on the disk before it has its name, and its name before commit returns") {
  const TemporaryFolder folder;
  const Faults faults;
  write_file(folder / "a", "text");
  CHECK(disk.calls == std::vector<std::string_view>{"write", "fsync", "rename", "fsync folder"});
}

TEST_CASE("a disk that is full after any number of bytes") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  const std::string text(20, 'x');
  for (const bool replaces : {false, true}) {
    for (std::size_t room = 0; room < text.size(); ++room) {
      CAPTURE(room);
      std::filesystem::remove(path);
      if (replaces) write_file(path, "old");
      const Faults faults({.room = room, .most_at_once = 7});
      const auto message = message_of([&] { write_file(path, text); });
      CHECK(is_one_line_about(message, path));
      CHECK(contains(message, "No space left"));
      CHECK(folder.count() == (replaces ? 1 : 0));
      if (replaces) CHECK(text_of(path) == "old");
    }
  }
  const Faults faults({.room = text.size(), .most_at_once = 7});
  write_file(path, text);
  CHECK(text_of(path) == text);
}

TEST_CASE("writes that are cut short or interrupted go on") {
  const TemporaryFolder folder;
  const Faults faults({.most_at_once = 1, .interrupted = true});
  write_file(folder / "a", "some text");
  CHECK(text_of(folder / "a") == "some text");
}

TEST_CASE("a disk that cannot flush or rename leaves the old file") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  write_file(path, "old");
  for (const Disk& faulty : {Disk{.file_sync_error = EIO}, Disk{.rename_error = EIO},
                             Disk{.file_sync_error = ENOSPC}, Disk{.rename_error = EROFS}}) {
    const Faults faults(faulty);
    CHECK(is_one_line_about(message_of([&] { write_file(path, "new"); }), path));
    CHECK(text_of(path) == "old");
    CHECK(folder.count() == 1);
  }
}

TEST_CASE("a folder that cannot be flushed is told, unless its file system knows no flushing") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  {
    const Faults faults({.folder_sync_error = EIO});
    const auto message = message_of([&] { write_file(path, "new"); });
    CHECK(is_one_line_about(message, path));
    CHECK(contains(message, "may be lost"));
    CHECK(text_of(path) == "new");
  }
  const Faults faults({.folder_sync_error = EINVAL});
  write_file(path, "newer");
  CHECK(text_of(path) == "newer");
}
