#include "tools/view/progress.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "tools/view/terminal.hpp"

namespace picovae::tools {
namespace {

void draw(int descriptor, std::string_view text) {
  // A terminal that was closed must not end an hour of training.
  [[maybe_unused]] const auto written = ::write(descriptor, text.data(), text.size());
}

}  // namespace

std::string time_left(double part, double seconds) {
  constexpr double kLongest = 359'999;  // 99:59:59
  if (part <= 0) return "";
  const double left = seconds * (1 - part) / part + 0.5;
  const auto whole = static_cast<unsigned>(std::clamp(left, 0.0, kLongest));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02} left", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02} left", whole / 60, whole % 60);
}

std::string progress_line(std::string_view label, std::size_t done, std::size_t total,
                          double seconds, std::string_view tail, std::size_t width) {
  constexpr std::size_t kBar = 24;
  done = std::min(done, total);
  const double part = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBar));
  const auto percent = static_cast<unsigned>(part * 100.0);
  std::string line =
      fmt::format("{} [{:#<{}}{: <{}}] {:3}%  {}", label, "", filled, "", kBar - filled, percent,
                  tail.empty() ? time_left(part, seconds) : std::string(tail));
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() > width) line.resize(width);
  return line;
}

Progress::Progress(std::string label, std::size_t total, int descriptor)
    : label_(std::move(label)),
      total_(total),
      descriptor_(descriptor),
      is_terminal_(::isatty(descriptor) == 1) {}

Progress::~Progress() {
  if (drawn_) draw(descriptor_, "\r\x1b[K");
}

void Progress::update(std::size_t done, std::string_view tail) {
  constexpr std::size_t kUsualWidth = 80;
  constexpr auto kInterval = std::chrono::milliseconds(100);
  if (!is_terminal_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  // One column is left free: some terminals wrap after a character in the last one.
  const std::size_t width = terminal_width(descriptor_, kUsualWidth) - 1;
  draw(descriptor_,
       fmt::format("\r{}\x1b[K", progress_line(label_, done, total_, seconds, tail, width)));
  drawn_ = true;
}

}  // namespace picovae::tools
