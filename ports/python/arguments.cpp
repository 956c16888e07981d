#include "ports/python/arguments.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace picovae::python {
namespace {

namespace py = pybind11;

std::string text_of(const py::handle& value) { return py::str(value); }

// A value as an array of T and of any shape. Numbers of another type are not converted: a float
// image may be in [0, 1] or in [0, 255], and an f64 has more digits than the model takes.
template <typename T>
Array<T> array_argument(std::string_view name, std::string_view type, const py::object& value) {
  const auto array = py::array::ensure(value);
  const std::string wanted = fmt::format("{}: an array of np.{} is wanted", name, type);
  if (!array) throw py::value_error(wanted);
  if (!py::isinstance<py::array_t<T, 0>>(array)) {
    throw py::value_error(fmt::format("{}, not of {}", wanted, text_of(array.dtype())));
  }
  return Array<T>(array);
}

}  // namespace

Array<std::uint8_t> images_argument(const py::object& value, tools::ImageSize size) {
  auto images = array_argument<std::uint8_t>("images", "uint8", value);
  const auto has = [&](py::ssize_t axis, std::size_t length) {
    return images.shape(axis) == static_cast<py::ssize_t>(length);
  };
  const std::size_t pixels = size.height * size.width;
  const bool fits = images.ndim() == 2   ? has(1, pixels)
                    : images.ndim() == 3 ? has(1, size.height) && has(2, size.width)
                                         : false;
  if (!fits) {
    throw py::value_error(fmt::format("images: shape (n, {}) or (n, {}, {}) is wanted, not {}",
                                      pixels, size.height, size.width,
                                      text_of(images.attr("shape"))));
  }
  return images;
}

Array<float> latents_argument(const py::object& value, std::size_t latent) {
  auto z = array_argument<float>("z", "float32", value);
  if (z.ndim() != 2 || z.shape(1) != static_cast<py::ssize_t>(latent)) {
    throw py::value_error(
        fmt::format("z: shape (n, {}) is wanted, not {}", latent, text_of(z.attr("shape"))));
  }
  const auto values = values_of(z);
  if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
    throw py::value_error("z: finite numbers are wanted, not NaN or infinity");
  }
  return z;
}

std::uint64_t whole_argument(const char* name, const py::object& value, std::uint64_t most) {
  // Integers of NumPy count as well.
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!number) throw py::error_already_set();
  const std::uint64_t whole = PyLong_AsUnsignedLongLong(number.ptr());
  const bool outside = PyErr_Occurred() != nullptr;  // negative, or of more than 64 bits
  PyErr_Clear();
  if (outside || whole > most) {
    throw py::value_error(
        fmt::format("{}: 0 to {} is wanted, not {}", name, most, text_of(number)));
  }
  return whole;
}

}  // namespace picovae::python
