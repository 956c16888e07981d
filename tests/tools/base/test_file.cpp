#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

TEST_CASE("a file is read into memory of its size, which does not grow") {
  const TemporaryFolder folder;
  write_file(folder / "a", std::string(kLimit, 'x'));
  CHECK(read_file(folder / "a", std::size_t{1} << 30).capacity() == kLimit + 1);
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

TEST_CASE("owner and group of a replaced file are kept, if the system lets us") {
  if (::geteuid() != 0) return;  // root alone may give files away
  const TemporaryFolder folder;
  const auto path = folder / "a";
  write_file(path, "old");
  REQUIRE(::chown(path.c_str(), 1234, 2345) == 0);
  REQUIRE(::chmod(path.c_str(), 0664) == 0);
  write_file(path, "new");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK(status.st_uid == 1234);
  CHECK(status.st_gid == 2345);
  CHECK((status.st_mode & 0777) == 0664);
}

TEST_CASE("a group that cannot be kept gives its rights to no other") {
  if (::geteuid() != 0) return;  // somebody else has to have made the file
  const TemporaryFolder folder;
  const auto path = folder / "a";
  write_file(path, "old");
  REQUIRE(::chown(path.c_str(), 1234, 2345) == 0);
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  const auto mode_after = [&](mode_t mode) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const bool is_nobody = ::setgid(65534) == 0 && ::setuid(65534) == 0;
      ::_exit(is_nobody && message_of([&] { write_file(path, "new"); }).empty() ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    struct stat file {};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    CHECK(file.st_gid == 65534);
    REQUIRE(::chown(path.c_str(), 1234, 2345) == 0);
    return file.st_mode & 0777;
  };
  CHECK(mode_after(0666) == 0666);
  CHECK(mode_after(0676) == 0666);
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

TEST_CASE("a link to a file that does not exist yet stays a link") {
  const TemporaryFolder folder;
  fs::create_symlink("second", folder / "first");
  fs::create_symlink("file", folder / "second");
  write_file(folder / "first", "x");
  CHECK(fs::is_symlink(folder / "first"));
  CHECK(fs::is_symlink(folder / "second"));
  CHECK(text_of(folder / "file") == "x");
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
  // What comes after is not written over it.
  REQUIRE(::write(descriptor, " third", 6) == 6);
  ::close(descriptor);
  CHECK(text_of(path) == "first second third");
  CHECK(contains(message_of([&] { write_file("/dev/fd/" + std::to_string(descriptor), "x"); }),
                 "Bad file descriptor"));
}

TEST_CASE("names of one file have one identity") {
  const TemporaryFolder folder;
  const auto file = folder / "file";
  write_file(file, "x");
  fs::create_hard_link(file, folder / "hard");
  fs::create_symlink("file", folder / "soft");
  fs::create_directory(folder / "in");
  fs::create_symlink("in", folder / "same");
  fs::create_symlink("../new", folder / "in/dangling");
  const auto same = [](const fs::path& a, const fs::path& b) {
    const auto id = identify(a, Access::kWrite);
    return id.has_value() && id == identify(b, Access::kWrite);
  };
  CHECK(same(file, folder / "hard"));
  CHECK(same(file, folder / "soft"));
  CHECK(same(file, folder / "in/../file"));
  CHECK(same(file, fs::relative(file)));
  CHECK(same(folder / "new", folder / "in/dangling"));
  CHECK(same(folder / "in/new", folder / "same/new"));
  CHECK_FALSE(same(file, folder / "new"));
  CHECK_FALSE(same(folder / "new", folder / "in/new"));
  CHECK_FALSE(same(folder / "new", folder / "newer"));
  CHECK_FALSE(identify("/dev/null", Access::kWrite));
  CHECK_FALSE(identify(folder / "missing/new", Access::kWrite));
  CHECK(same("-", "/dev/stdout"));
  CHECK(identify("-", Access::kRead) == identify("/dev/stdin", Access::kRead));
  CHECK_FALSE(same("-", "./-"));
}

TEST_CASE("streams are told from files") {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  for (const Access access : {Access::kRead, Access::kWrite}) {
    CHECK(is_stream("-", access));
    CHECK(is_stream(folder / "pipe", access));
    CHECK(is_stream("/dev/null", access));
    CHECK_FALSE(is_stream(folder / "file", access));
    CHECK_FALSE(is_stream(folder / "new", access));
    CHECK_FALSE(is_stream(folder.path(), access));
  }
  CHECK(is_standard_output("-"));
  CHECK(is_standard_output("/dev/fd/1"));
  CHECK_FALSE(is_standard_output(folder / "file"));
  CHECK_FALSE(is_standard_output("/dev/null"));
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
