// Numbers in text, and parts of messages.
#pragma once

#include <fmt/core.h>

#include <cerrno>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace picovae::tools {

// The number that all of `text` is, as std::from_chars reads it; nothing if it is none or is out of
// range. Integers first.
template <std::integral Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// libc++ has no std::from_chars for these, so it is strtod less what only that one takes: spaces
// and + before the number, hexadecimal digits. No program here sets a locale.
template <std::same_as<double> Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.empty() || std::string_view(" \t\n\v\f\r+").find(text.front()) != text.npos ||
      text.find_first_of("xX") != text.npos) {
    return std::nullopt;
  }
  const std::string copy(text);
  char* stop = nullptr;
  errno = 0;
  const double value = std::strtod(copy.c_str(), &stop);
  if (stop != copy.c_str() + copy.size()) return std::nullopt;
  // Small numbers of fewer digits are in range.
  if (errno == ERANGE && (value == 0 || value > 1 || value < -1)) return std::nullopt;
  return value;
}

// "1, 2, 3" of numbers or strings.
template <typename Values>
std::string joined(const Values& values, std::string_view separator) {
  std::string text;
  bool first = true;
  for (const auto& value : values) {
    if (!first) text += separator;
    first = false;
    text += fmt::format("{}", value);
  }
  return text;
}

// With small letters in place of A to Z.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// "1 epoch", "3 epochs".
inline std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace picovae::tools
