#include "tools/format/class_gaussians.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include "picovae/classes.hpp"
#include "picovae/latent.hpp"
#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

constexpr std::array<const char*, 4> kNames = {"picovae.class.labels", "picovae.class.units",
                                               "picovae.class.mean", "picovae.class.factor"};

// Ascending whole numbers of [0, end), as floats hold them.
template <typename T>
std::vector<T> whole_numbers(const Tensor& tensor, std::size_t end, std::string_view name) {
  std::vector<T> numbers;
  float last = -1;
  for (const float value : tensor.data) {
    if (!(value > last && value < static_cast<float>(end) && std::floor(value) == value)) {
      fail("{}: the tensor {} has the value {}; expected whole numbers below {}, ascending", name,
           tensor.name, value, end);
    }
    last = value;
    numbers.push_back(static_cast<T>(value));
  }
  return numbers;
}

std::vector<float> as_floats(const auto& values) { return {values.begin(), values.end()}; }

// The most fractional bits for which the largest factor fits s8.
int choose_shift(std::span<const float> factor) {
  double largest = 0;
  for (const float f : factor) largest = std::max(largest, std::abs(static_cast<double>(f)));
  int shift = 7;
  while (shift > 1 && std::rint(std::ldexp(largest, shift)) > 127) --shift;
  return shift;
}

template <typename T>
T rounded(float value, int bits, double largest) {
  const double scaled = std::ldexp(static_cast<double>(value), bits);
  return static_cast<T>(std::lrint(std::clamp(scaled, -largest, largest)));
}

// Copies values to `to`; returns the end of the copy.
template <typename T>
std::byte* put(std::byte* to, const std::vector<T>& values) {
  std::memcpy(to, values.data(), values.size() * sizeof(T));
  return to + values.size() * sizeof(T);
}

}  // namespace

std::vector<Tensor> class_tensors(const ClassGaussians& classes) {
  if (classes.empty()) return {};
  const std::size_t count = classes.labels.size();
  const std::size_t units = classes.units.size();
  return {{kNames[0], {count}, as_floats(classes.labels)},
          {kNames[1], {units}, as_floats(classes.units)},
          {kNames[2], {count, units}, classes.mean},
          {kNames[3], {count, units, units}, classes.factor}};
}

ClassGaussians parse_class_tensors(std::span<const Tensor> tensors, std::size_t latent,
                                   std::string_view name) {
  std::array<const Tensor*, 4> found{};
  for (const Tensor& tensor : tensors) {
    const auto known = std::find(kNames.begin(), kNames.end(), tensor.name);
    if (known != kNames.end()) found[static_cast<std::size_t>(known - kNames.begin())] = &tensor;
  }
  if (std::count(found.begin(), found.end(), nullptr) == 4) return {};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == nullptr) {
      fail("{}: the tensor {} is missing; keep all of picovae.class.* or none", name, kNames[i]);
    }
  }
  const auto& [labels, units, mean, factor] = found;
  const std::size_t count = labels->data.size();
  const std::size_t width = units->data.size();
  const auto check = [&](const Tensor& tensor, const std::vector<std::size_t>& shape) {
    if (tensor.shape == shape) return;
    fail("{}: the tensor {} has shape {}; expected {}", name, tensor.name,
         format_shape(tensor.shape), format_shape(shape));
  };
  if (count < 1 || count > kMaxClasses || width < 1 || width > latent) {
    fail("{}: has {} classes over {} latents; expected 1 to {} over 1 to {}", name, count, width,
         kMaxClasses, latent);
  }
  check(*labels, {count});
  check(*units, {width});
  check(*mean, {count, width});
  check(*factor, {count, width, width});
  for (std::size_t i = 0; i < factor->data.size(); ++i) {
    if (i % width > i / width % width && factor->data[i] != 0) {
      fail("{}: the tensor {} is not lower triangular at index {}", name, factor->name, i);
    }
  }
  return {whole_numbers<std::uint8_t>(*labels, 256, name),
          whole_numbers<std::uint16_t>(*units, latent, name), mean->data, factor->data};
}

std::vector<std::byte> class_section(const ClassGaussians& classes) {
  const std::size_t units = classes.units.size();
  const int shift = choose_shift(classes.factor);
  std::vector<std::int16_t> mean;
  for (const float m : classes.mean) {
    mean.push_back(rounded<std::int16_t>(m, kNormalBits, kMaxLatent));
  }
  std::vector<std::int8_t> factor;
  for (std::size_t i = 0; i < classes.factor.size(); ++i) {
    const std::size_t row = i / units % units;
    if (i % units <= row) factor.push_back(rounded<std::int8_t>(classes.factor[i], shift, 127));
  }
  const ClassHeader header{static_cast<std::uint8_t>(classes.labels.size()),
                           static_cast<std::uint8_t>(shift), static_cast<std::uint16_t>(units), 0};
  std::vector<std::byte> section(class_section_size(classes.labels.size(), units));
  std::memcpy(section.data(), &header, sizeof(header));
  std::byte* end = put(section.data() + sizeof(header), classes.units);
  end = put(end, mean);
  end = put(end, classes.labels);
  put(end, factor);
  return section;
}

std::vector<std::byte> class_section(const BlobView& view) {
  ClassPriors priors;
  if (find_classes(view, priors) != Status::kOk) return {};
  const auto* start = reinterpret_cast<const std::byte*>(priors.header);
  return {start, start + class_section_size(priors.header->classes, priors.header->units)};
}

}  // namespace picovae::tools
