// How watch.c takes windows out of a stream of bytes, whatever comes.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ports/stm32f4/window.h"

namespace {

constexpr std::size_t kSize = 4;

// The windows in a stream: those that are whole as they are, of others their sizes.
std::vector<std::string> windows_in(const std::string& stream) {
  std::vector<std::string> windows;
  window_reader reader{};
  std::vector<std::uint8_t> bytes(kSize + 1, '!');
  for (const char c : stream) {
    std::size_t length = 99;
    switch (window_take(&reader, static_cast<std::uint8_t>(c), bytes.data(), kSize, &length)) {
      case WINDOW_NONE:
        CHECK(length == 99);
        break;
      case WINDOW_WHOLE:
        CHECK(length == kSize);
        windows.emplace_back(bytes.begin(), bytes.begin() + kSize);
        break;
      case WINDOW_WRONG_SIZE:
        windows.push_back(std::to_string(length));
    }
    REQUIRE(bytes[kSize] == '!');  // nothing is written behind a window
  }
  return windows;
}

std::string framed(const std::string& window) {
  std::string stream = "~";
  for (const char c : window) {
    if (c == '~' || c == '}') {
      stream += '}';
      stream += static_cast<char>(c ^ kWindowFlip);
    } else {
      stream += c;
    }
  }
  return stream + "~";
}

using Windows = std::vector<std::string>;

TEST_CASE("windows, with a mark each or two") {
  CHECK(windows_in("~abcd~efgh~") == Windows{"abcd", "efgh"});
  CHECK(windows_in("~abcd~~efgh~") == Windows{"abcd", "efgh"});
  CHECK(windows_in("~~~~abcd~") == Windows{"abcd"});
  CHECK(windows_in("~abcd") == Windows{});  // not yet
}

TEST_CASE("marks and escapes within a window") {
  for (const std::string window : {"~~~~", "}}}}", "~}~}", "^]^]", "a}^~"}) {
    CHECK(windows_in(framed(window)) == Windows{window});
  }
  CHECK(framed("a~}b") == "~a}^}]b~");
}

TEST_CASE("what comes before the first mark is of no window") {
  CHECK(windows_in("cd~abcd~") == Windows{"abcd"});
  CHECK(windows_in("efgh~abcd~") == Windows{"abcd"});
  CHECK(windows_in("}~abcd~") == Windows{"abcd"});
}

TEST_CASE("windows of another size are named, and the next one is whole") {
  CHECK(windows_in("~abc~efgh~") == Windows{"3", "efgh"});
  CHECK(windows_in("~abcde~efgh~") == Windows{"5", "efgh"});
  CHECK(windows_in("~" + std::string(1000, 'x') + "~efgh~") == Windows{"1000", "efgh"});
  CHECK(windows_in("~ab~cdef~") == Windows{"2", "cdef"});     // the rest of it is lost
  CHECK(windows_in("~abcd}~efgh~") == Windows{"4", "efgh"});  // cut within an escape
  CHECK(windows_in("~}~efgh~") == Windows{"0", "efgh"});
}

TEST_CASE("after any bytes at all, the window behind the next two marks is whole") {
  std::mt19937 dice(1);
  for (int round = 0; round < 10'000; ++round) {
    std::string stream;
    for (auto left = dice() % 12; left != 0; --left) {
      stream += dice() % 3 != 0 ? "~}"[dice() % 2] : static_cast<char>(dice());
    }
    std::string window;
    for (std::size_t i = 0; i < kSize; ++i) window += "~}^]a\0"[dice() % 6];
    const Windows windows = windows_in(stream + framed(window));
    REQUIRE(!windows.empty());
    REQUIRE(windows.back() == window);
  }
}

}  // namespace
