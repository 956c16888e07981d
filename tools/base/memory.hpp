// Memory of the size that a file asks for.
#pragma once

#include <cstddef>
#include <new>
#include <string_view>

#include "tools/base/error.hpp"

namespace picovae::tools {

// Reserves room for `count` elements. Fails, with the name of the file or folder that holds them,
// if there is not as much memory.
template <typename Values>
void reserve_for(Values& values, std::size_t count, std::string_view name) {
  try {
    values.reserve(count);
  } catch (const std::bad_alloc&) {
    fail("{}: wants {} bytes of memory, and there are not as many", name,
         count * sizeof(typename Values::value_type));
  }
}

}  // namespace picovae::tools
