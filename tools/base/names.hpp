// Values that have a name in options, messages, files and JSON: tables of both.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace picovae::tools {

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

// The name of `value` in a table of Named<T>; "unknown" if it is not there.
template <typename Table, typename T>
constexpr std::string_view name_of(const Table& table, T value) {
  for (const auto& known : table) {
    if (known.value == value) return known.name;
  }
  return "unknown";
}

// The value of `name` in such a table, or nothing.
template <typename T, std::size_t N>
constexpr std::optional<T> named(const std::array<Named<T>, N>& table, std::string_view name) {
  for (const auto& known : table) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

}  // namespace picovae::tools
