#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

std::string text_of(const fs::path& path) {
  const auto bytes = read_file(path, kLimit);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("what is written is read back") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  for (const std::string& text : {std::string(), std::string("hello"), std::string(kLimit, 'x')}) {
    write_file(path, text);
    CHECK(text_of(path) == text);
    CHECK(folder.count() == 1);
  }
}

TEST_CASE("read_file refuses what is too long, missing or a folder") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  write_file(path, std::string(kLimit + 1, 'x'));
  CHECK(is_one_line_about(message_of([&] { read_file(path, kLimit); }), path));
  CHECK(read_file(path, kLimit + 1).size() == kLimit + 1);
  CHECK(contains(message_of([&] { read_file("/dev/zero", kLimit); }), "/dev/zero: is longer"));
  CHECK(read_file("/dev/null", kLimit).empty());
  CHECK(contains(message_of([&] { read_file(folder / "b", kLimit); }), "No such file"));
  CHECK(contains(message_of([&] { read_file(folder.path(), kLimit); }), "is a folder"));
}

TEST_CASE("an output file that is not committed leaves the old one alone") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  write_file(path, "old");
  {
    OutputFile file(path);
    file.write("new");
    CHECK(text_of(path) == "old");
    CHECK(folder.count() == 2);
  }
  CHECK(text_of(path) == "old");
  CHECK(folder.count() == 1);
  {
    OutputFile file(path);
    file.write("n");
    file.write("ew");
    file.commit();
  }
  CHECK(text_of(path) == "new");
  CHECK(folder.count() == 1);
}

TEST_CASE("two output files in one folder do not get in each other's way") {
  const TemporaryFolder folder;
  OutputFile a(folder / "a");
  OutputFile b(folder / "b");
  a.write("A");
  b.write("B");
  a.commit();
  b.commit();
  CHECK(text_of(folder / "a") == "A");
  CHECK(text_of(folder / "b") == "B");
}

TEST_CASE("permissions of a replaced file and links to it are kept") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  const auto link = folder / "link";
  write_file(path, "old");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("a", link);
  write_file(link, "new");
  CHECK(fs::is_symlink(link));
  CHECK(text_of(path) == "new");
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("a new file has the permissions that the umask leaves") {
  const TemporaryFolder folder;
  const auto old_mask = ::umask(027);
  write_file(folder / "a", "x");
  ::umask(old_mask);
  CHECK(static_cast<unsigned>(fs::status(folder / "a").permissions()) == 0640U);
}

TEST_CASE("a full disk is an error") {
  const auto message = message_of([] { write_file("/dev/full", "x"); });
  CHECK(is_one_line_about(message, "/dev/full"));
  CHECK(contains(message, "No space left"));
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("a device is written straight") {
  write_file("/dev/null", "x");
  CHECK(fs::is_character_file("/dev/null"));
  check_writable("/dev/null");
}

TEST_CASE("standard output that goes to a file is written through, not replaced") {
  const TemporaryFolder folder;
  const auto path = folder / "out";
  const int descriptor = ::creat(path.c_str(), 0600);
  REQUIRE(descriptor >= 0);
  REQUIRE(::write(descriptor, "first ", 6) == 6);
  write_file("/dev/fd/" + std::to_string(descriptor), "second");
  ::close(descriptor);
  CHECK(text_of(path) == "first second");
}

TEST_CASE("places that cannot be written are found beforehand, with the same message") {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  struct Case {
    fs::path path;
    const char* message;
  };
  const std::vector<Case> cases{
      {folder / "missing/a", "does not exist; create it first"},
      {folder.path(), "is a folder"},
      {folder / "missing/", "names a folder"},
      {folder / "file/a", "is not a folder"},
      {folder / std::string(300, 'x'), "too long"},
  };
  for (const Case& bad : cases) {
    const fs::path& path = bad.path;
    CAPTURE(path.string());
    const auto checked = message_of([&] { check_writable(path); });
    CHECK(is_one_line_about(checked, path));
    CHECK(contains(checked, bad.message));
    CHECK(message_of([&] { write_file(path, "x"); }) == checked);
    CHECK(folder.count() == 1);
  }
  CHECK(contains(message_of([] { check_writable(""); }), "empty name"));
}

TEST_CASE("a folder in which nothing can be created is found beforehand") {
  // Even root can create no file there.
  const auto message = message_of([] { check_writable("/proc/self/a"); });
  CHECK(is_one_line_about(message, "/proc/self/a"));
  CHECK(contains(message, "no file can be created"));
}

TEST_CASE("check_writable changes nothing") {
  const TemporaryFolder folder;
  check_writable(folder / "a");
  CHECK(folder.count() == 0);
  write_file(folder / "a", "old");
  const auto time = fs::last_write_time(folder / "a");
  check_writable(folder / "a");
  CHECK(text_of(folder / "a") == "old");
  CHECK(fs::last_write_time(folder / "a") == time);
  CHECK(folder.count() == 1);
}

TEST_CASE("write protection is respected") {
  if (::geteuid() == 0) return;  // root may write everywhere; /proc/self stands in for it above
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  fs::permissions(folder / "a", fs::perms::owner_read);
  CHECK(contains(message_of([&] { check_writable(folder / "a"); }), "Permission denied"));
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  CHECK(contains(message_of([&] { check_writable(folder / "b"); }), "Permission denied"));
  fs::permissions(folder.path(), fs::perms::owner_all);
  CHECK(text_of(folder / "a") == "old");
}
