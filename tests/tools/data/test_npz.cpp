#include "tools/data/npz.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/tools/data/numpy_files.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/data/npy.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

std::string text_of(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("arrays of a zip, stored and deflated") {
  const TemporaryFolder folder;
  const auto path = folder / "a.npz";
  const std::string large(3'000'000, 'x');
  write_file(path, zip_file({{"x_train.npy", "stored"},
                             {"big.npy", large, 8},
                             {"README", "no array"},
                             {"bad\nname.npy", "left out"},
                             {std::string(100, 'n') + ".npy", "left out"},
                             {"empty.npy", ""}}));
  const NpzFile file(path);
  CHECK(file.names() == std::vector<std::string>{"x_train", "big", "empty"});
  CHECK(text_of(file.read("x_train")) == "stored");
  CHECK(text_of(file.read("big")) == large);
  CHECK(file.read("empty").empty());
  const auto message = message_of([&] { file.read("none"); });
  CHECK(is_one_line_about(message, path));
  CHECK(contains(message, "none.npy: is not there"));
}

TEST_CASE("arrays that a zip does not hold as it says are refused") {
  const TemporaryFolder folder;
  const auto path = folder / "a.npz";
  struct Case {
    Member member;
    const char* says;
  };
  for (const Case& c : {Case{{"a.npy", "abc", 0, 0, 1, 0}, "inconsistent"},
                        {{"a.npy", "abcabc", 8, 0, 1000, 0}, "fewer than the 1006"},
                        {{"a.npy", "abc", 8, 0, 0x7fffffff, 0}, "at most"},
                        {{"a.npy", "abc", 0, 0, 0, 1}, "CRC"},
                        {{"a.npy", "abcabcabcabc", 8, 0, 0, 0x100}, "CRC"},
                        {{"a.npy", "abc", 0, 1, 0, 0}, "encrypted"},
                        {{"a.npy", "abc", 12, 0, 0, 0}, "packed by method 12"}}) {
    CAPTURE(c.says);
    write_file(path, zip_file({c.member}));
    const auto message = message_of([&] { NpzFile(path).read("a"); });
    CAPTURE(message);
    CHECK(is_one_line_about(message, path));
    CHECK(contains(message, c.says));
  }
  // A bomb: the limit is held against what the zip says, before anything is unpacked.
  write_file(path, zip_file({{"a.npy", std::string(1 << 20, '\0'), 8, 0, 0x7fffffff, 0}}));
  CHECK(contains(message_of([&] { NpzFile(path).read("a"); }),
                 "holds 2148532223 bytes; at most " + std::to_string(kMaxNpyBytes)));
}

TEST_CASE("no cut and no flipped bit does more than an error or another array") {
  const TemporaryFolder folder;
  const auto path = folder / "a.npz";
  const std::string whole = zip_file({{"x.npy", "stored bytes"}, {"y.npy", "deflated bytes", 8}});
  const auto fine = [&](const std::string& bytes) {
    write_file(path, bytes);
    const auto message = message_of([&] {
      const NpzFile file(path);
      for (const auto& name : file.names()) file.read(name);
    });
    return message.empty() || is_one_line_about(message, path);
  };
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(fine(whole.substr(0, size)));
  }
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    CAPTURE(bit);
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    CHECK(fine(flipped));
  }
  CHECK(is_one_line_about(message_of([&] { NpzFile(folder / "none.npz"); }), folder / "none.npz"));
  CHECK(contains(message_of([&] { NpzFile(folder.path()); }), "is a folder"));
}
