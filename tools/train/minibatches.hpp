// The images of an epoch in random order, and what is drawn for each of them. All is a function of
// (seed, epoch, image, sample): there is no state to save, and any thread may ask for any part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/data/pixels.hpp"

namespace picovae::tools {

// Which noise the samples of an image get.
struct Noise {
  std::size_t most = 1;     // samples that an image has at any time
  bool antithetic = false;  // samples 1, 3, ... get the negated noise of the one before (Hammersley
                            // and Morton 1956)
};

// Which images are warped (warp.hpp).
struct Augmentation {
  double share = 0;         // of the images, 0 to 1, by chance
  std::size_t columns = 0;  // of an image, a divisor of its pixels; not read if the share is 0
};

class Minibatches {
 public:
  // images [count][pixels] u8, owned by the caller.
  Minibatches(std::span<const std::uint8_t> images, std::size_t pixels, PixelMode mode,
              std::uint64_t seed, const Noise& noise = {}, const Augmentation& augmentation = {});

  std::size_t images() const { return order_.size(); }

  // Puts the images into the order of an epoch (Fisher and Yates).
  void start_epoch(std::uint32_t epoch);

  // The image at `position` of the epoch as network inputs, x [pixels] out.
  void draw_pixels(std::size_t position, float* x) const;

  // The same, warped if chance has it.
  void draw_augmented_pixels(std::size_t position, float* x) const;

  // eps ~ N(0, I) for `samples` samples, at most Noise::most, of the image at `position`: eps
  // [samples][stride] out, of which the first `count` of each row are written.
  void draw_noise(std::size_t position, std::size_t samples, std::size_t count, std::size_t stride,
                  float* eps) const;

 private:
  std::span<const std::uint8_t> pixels_of(std::size_t position) const {
    return images_.subspan(order_[position] * pixels_, pixels_);
  }

  void convert_pixels(std::span<const std::uint8_t> image, std::size_t position, float* x) const;

  std::span<const std::uint8_t> images_;
  std::size_t pixels_;
  PixelMode mode_;
  std::uint64_t seed_;
  Noise noise_;
  Augmentation augmentation_;
  std::uint32_t epoch_ = 0;
  std::vector<std::uint32_t> order_;    // position -> image
  std::vector<std::uint32_t> chances_;  // what start_epoch() shuffles by
};

}  // namespace picovae::tools
