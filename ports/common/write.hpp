// Lines of `key value`, for boards without stdio.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "port.hpp"

namespace picovae::port {

// Not inlined: on a board a call costs less than another copy of the code.
[[gnu::noinline]] inline void write_number(const char* key, std::uint32_t value, std::uint32_t base,
                                           std::size_t least_digits) {
  std::array<char, 12> text{};
  std::size_t at = text.size() - 1;
  text[--at] = '\n';
  const std::size_t last = at - least_digits;
  while (value != 0 || at > last) {
    text[--at] = "0123456789abcdef"[value % base];
    value /= base;
  }
  write(key);
  write(&text[at]);
}

inline void write_decimal(const char* key, std::uint32_t value) { write_number(key, value, 10, 1); }
inline void write_hexadecimal(const char* key, std::uint32_t value) {
  write_number(key, value, 16, 8);
}

}  // namespace picovae::port
