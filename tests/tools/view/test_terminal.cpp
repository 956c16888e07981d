// Images and progress bars in a terminal.
#include "tools/view/terminal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/view/progress.hpp"

using namespace picovae::tools;
using namespace picovae::tests;

namespace {

using Pixels = std::vector<std::uint8_t>;

// What arrives at the other end of `descriptor` within a moment.
std::string drain(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  for (;;) {
    const auto count = ::read(descriptor, buffer.data(), buffer.size());
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("ASCII drawing") {
  // 3 x 3: dark, half, bright columns; the last row has no partner and is drawn half as bright.
  const Pixels image{0, 128, 255, 0, 128, 255, 0, 128, 255};
  CHECK(render_text(image, 3, 3, 80) == " +@\n :+\n");
  Pixels two(image);
  two.insert(two.end(), image.begin(), image.end());
  CHECK(render_text(two, 3, 3, 7) == " +@  +@\n :+  :+\n");
  CHECK(render_text(two, 3, 3, 6) == " +@\n :+\n\n +@\n :+\n");
  CHECK(render_text(two, 3, 3, 1) == " +@\n :+\n\n +@\n :+\n");
  CHECK(render_text({}, 3, 3, 80).empty());
  CHECK(!message_of([&] { render_text(two, 3, 4, 80); }).empty());
  const auto digit = render_text(Pixels(784), 28, 28, 80);
  CHECK(digit.size() == 14 * 29);
}

TEST_CASE("the text of a progress bar") {
  CHECK(progress_line("train", 0, 4, 1, "", 80) == "train [                        ]   0%");
  CHECK(progress_line("train", 1, 4, 10, "", 80) ==
        "train [######                  ]  25%  0:30 left");
  CHECK(progress_line("train", 4, 4, 10, "loss 99.2", 80) ==
        "train [########################] 100%  loss 99.2");
  CHECK(progress_line("train", 1, 3601, 2, "", 80).ends_with("2:00:00 left"));
  CHECK(progress_line("train", 9, 4, 1, "", 80) == progress_line("train", 4, 4, 1, "", 80));
  CHECK(contains(progress_line("train", 0, 0, 1, "", 80), "100%"));
  CHECK(progress_line("train", 1, 4, 1, "", 10) == "train [###");
}

TEST_CASE("the time that is left") {
  CHECK(time_left(0, 5).empty());
  CHECK(time_left(0.25, 10) == "0:30 left");
  CHECK(time_left(0.5, 61.4) == "1:01 left");
  CHECK(time_left(1, 100) == "0:00 left");
  CHECK(time_left(1e-9, 3600) == "99:59:59 left");
}

TEST_CASE("a progress bar is silent without a terminal") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  {
    Progress progress("work", 10, ends[1]);
    progress.update(5);
  }
  CHECK(drain(ends[0]).empty());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a progress bar draws at most ten times a second and clears its line") {
  const int control = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(control >= 0);
  REQUIRE(::grantpt(control) == 0);
  REQUIRE(::unlockpt(control) == 0);
  const int terminal = ::open(::ptsname(control), O_RDWR | O_NOCTTY | O_NONBLOCK);
  REQUIRE(terminal >= 0);
  {
    Progress progress("work", 1000, terminal);
    for (std::size_t i = 0; i < 1000; ++i) progress.update(i, "tail");
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    progress.update(500, "half");
    const auto text = drain(control);
    CHECK(text.starts_with("\rwork ["));
    CHECK(contains(text, " 50%  half\x1b[K"));
    CHECK(occurrences(text, "\r") <= 3);
    CHECK(occurrences(text, "\r") >= 2);
    CHECK(!contains(text, "\n"));
  }
  CHECK(drain(control) == "\r\x1b[K");
  { const Progress unused("work", 1000, terminal); }
  CHECK(drain(control).empty());
  ::close(terminal);
  ::close(control);
}
