// Values that have a name in options, messages, files and JSON: tables of both.
#pragma once

#include <cstddef>
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

}  // namespace picovae::tools
