#include "tools/train/minibatches.hpp"

#include <numeric>
#include <utility>

#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "picovae/shape.hpp"

namespace picovae::tools {
Minibatches::Minibatches(std::span<const std::uint8_t> images, std::size_t pixels, PixelMode mode,
                         std::uint64_t seed)
    : images_(images),
      pixels_(pixels),
      mode_(mode),
      seed_(seed),
      order_(images.size() / pixels),
      chances_(order_.size()) {
  for (std::size_t p = 0; p < values_.size(); ++p) {
    values_[p] = pixel_value(static_cast<std::uint8_t>(p), mode, 0);
  }
}

void Minibatches::start_epoch(std::uint32_t epoch) {
  epoch_ = epoch;
  std::iota(order_.begin(), order_.end(), 0u);
  uniforms(seed_, Purpose::kShuffle, epoch, 0, chances_.data(), chances_.size());
  for (std::size_t i = order_.size(); i > 1; --i) {
    std::swap(order_[i - 1], order_[(std::uint64_t{chances_[i - 1]} * i) >> 32]);
  }
}

void Minibatches::draw_pixels(std::size_t position, float* x) const {
  const auto image = pixels_of(position);
  if (mode_ != PixelMode::kStochastic) {
    for (std::size_t i = 0; i < pixels_; ++i) x[i] = values_[image[i]];
    return;
  }
  std::array<std::uint32_t, kMaxWidth> words;
  uniforms(seed_, Purpose::kBinarize, epoch_, order_[position], words.data(), pixels_);
  for (std::size_t i = 0; i < pixels_; ++i) x[i] = pixel_value(image[i], mode_, words[i]);
}

void Minibatches::draw_noise(std::size_t position, std::size_t sample, std::size_t samples,
                             float* eps, std::size_t count) const {
  std::array<std::int16_t, kMaxWidth> drawn;
  const std::size_t item = order_[position] * samples + sample;
  normals(seed_, Purpose::kTraining, epoch_, static_cast<std::uint32_t>(item), drawn.data(), count);
  for (std::size_t i = 0; i < count; ++i) eps[i] = LatentMath<Float>::from_normal(drawn[i]);
}

}  // namespace picovae::tools
