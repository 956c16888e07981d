// What a caller in Python passes, checked: a ValueError names the argument, what it is and what is
// wanted.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "tools/view/grid.hpp"

namespace picovae::python {

// Values in C order, and where their type wants them: not every array of NumPy is either.
inline constexpr int kArrayFlags =
    int{pybind11::array::c_style} | int{pybind11::detail::npy_api::NPY_ARRAY_ALIGNED_};
template <typename T>
using Array = pybind11::array_t<T, kArrayFlags>;

template <typename T>
std::span<const T> values_of(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

// u8 [count][size.height * size.width] or [count][size.height][size.width]; the caller's array
// itself if its values are in C order, else a copy.
Array<std::uint8_t> images_argument(const pybind11::object& value, tools::ImageSize size);

// f32 [count][latent], all finite; a copy as above.
Array<float> latents_argument(const pybind11::object& value, std::size_t latent);

// A whole number 0 .. most. Throws TypeError if it is none.
std::uint64_t whole_argument(const char* name, const pybind11::object& value, std::uint64_t most);

}  // namespace picovae::python
