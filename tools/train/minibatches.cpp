#include "tools/train/minibatches.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <utility>

#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "picovae/shape.hpp"
#include "tools/train/warp.hpp"

namespace picovae::tools {
namespace {

// Images of an epoch lie anywhere in memory: the next one is on its way while this one is drawn.
void fetch_ahead(std::span<const std::uint8_t> image) {
  constexpr std::size_t kLine = 64;
  for (std::size_t i = 0; i < image.size(); i += kLine) __builtin_prefetch(image.data() + i);
}

template <PixelMode kMode>
void draw_as(std::span<const std::uint8_t> image, float* x) {
  for (const std::uint8_t p : image) *x++ = pixel_value(p, kMode, 0);
}

}  // namespace

Minibatches::Minibatches(std::span<const std::uint8_t> images, std::size_t pixels, PixelMode mode,
                         std::uint64_t seed, const Noise& noise, const Augmentation& augmentation)
    : images_(images),
      pixels_(pixels),
      mode_(mode),
      seed_(seed),
      noise_(noise),
      augmentation_(augmentation),
      order_(images.size() / pixels),
      chances_(order_.size()) {}

void Minibatches::start_epoch(std::uint32_t epoch) {
  epoch_ = epoch;
  std::iota(order_.begin(), order_.end(), 0u);
  uniforms(seed_, Purpose::kShuffle, epoch, 0, chances_.data(), chances_.size());
  for (std::size_t i = order_.size(); i > 1; --i) {
    std::swap(order_[i - 1], order_[(std::uint64_t{chances_[i - 1]} * i) >> 32]);
  }
}

void Minibatches::draw_pixels(std::size_t position, float* x) const {
  if (position + 1 < order_.size()) fetch_ahead(pixels_of(position + 1));
  convert_pixels(pixels_of(position), position, x);
}

void Minibatches::draw_augmented_pixels(std::size_t position, float* x) const {
  std::array<std::uint32_t, 1 + kWarpChances> words;
  uniforms(seed_, Purpose::kWarp, epoch_, order_[position], words.data(), words.size());
  if (words[0] * 0x1p-32 >= augmentation_.share) return draw_pixels(position, x);
  std::array<std::uint32_t, kWarpChances> chances;
  std::copy(words.begin() + 1, words.end(), chances.begin());
  std::array<std::uint8_t, kMaxWidth> warped;
  warp_image(pixels_of(position), augmentation_.columns, chances, warped.data());
  convert_pixels(std::span(warped).first(pixels_), position, x);
}

void Minibatches::convert_pixels(std::span<const std::uint8_t> image, std::size_t position,
                                 float* x) const {
  if (mode_ == PixelMode::kGray) return draw_as<PixelMode::kGray>(image, x);
  if (mode_ == PixelMode::kBinary) return draw_as<PixelMode::kBinary>(image, x);
  std::array<std::uint32_t, kMaxWidth> words;
  uniforms(seed_, Purpose::kBinarize, epoch_, order_[position], words.data(), pixels_);
  for (std::size_t i = 0; i < pixels_; ++i) x[i] = pixel_value(image[i], mode_, words[i]);
}

void Minibatches::draw_noise(std::size_t position, std::size_t samples, std::size_t count,
                             std::size_t stride, float* eps) const {
  std::array<std::int16_t, kMaxWidth> drawn;
  for (std::size_t s = 0; s < samples; ++s, eps += stride) {
    if (noise_.antithetic && s % 2 == 1) {
      std::transform(eps - stride, eps - stride + count, eps, std::negate<>());
      continue;
    }
    const std::size_t item = order_[position] * noise_.most + s;
    normals(seed_, Purpose::kTraining, epoch_, static_cast<std::uint32_t>(item), drawn.data(),
            count);
    for (std::size_t i = 0; i < count; ++i) eps[i] = LatentMath<Float>::from_normal(drawn[i]);
  }
}

}  // namespace picovae::tools
