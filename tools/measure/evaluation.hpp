// How a model meets the images of a data set when it is measured: what all measures share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/data/pixels.hpp"
#include "tools/measure/model.hpp"

namespace picovae::tools {

// A figure came out as no number or as infinity: the weights are finite, but sums overflow.
struct NotFinite : Error {
  using Error::Error;
};

// Throws NotFinite if a value is not finite. Every measure ends with it, so that no figure is
// decided by, reported or kept that is none.
//   figure  what the values are, for the message: "the KL"
void require_finite(std::initializer_list<double> values, std::string_view figure);

struct EvaluateOptions {
  int samples = 1;  // z drawn for each image; the reconstruction is their mean
  PixelMode pixels = PixelMode::kGray;
  std::uint64_t seed = 1;
  unsigned threads = 1;  // does not change the result
};

// Inputs x [pixels] of a data set's image `index`, `image` [pixels] u8, the same in each
// evaluation: stochastic pixels are uniforms(seed, Purpose::kBinarize, 0, index).
void evaluation_pixels(std::span<const std::uint8_t> image, const EvaluateOptions& options,
                       std::size_t index, float* x);

// Called with the images done so far, from the thread that started the work.
using ImageProgress = std::function<void(std::size_t)>;

// Counts images that several threads have done.
class ImageCounter {
 public:
  explicit ImageCounter(const ImageProgress& progress) : progress_(progress) {}
  void add(std::size_t images) {
    done_ += images;
    if (progress_ && std::this_thread::get_id() == caller_) progress_(done_);
  }

 private:
  const ImageProgress& progress_;
  std::thread::id caller_ = std::this_thread::get_id();
  std::atomic<std::size_t> done_ = 0;
};

// Images first .. first + count - 1 of a data set, and their posteriors in real units.
struct EncodedImages {
  std::size_t first, count;
  std::size_t pixels, latent;
  std::vector<float> x;           // [count][pixels]
  std::vector<float> mu, logvar;  // [count][latent]

  std::span<const float> x_of(std::size_t i) const { return {x.data() + i * pixels, pixels}; }
  std::span<const float> mu_of(std::size_t i) const { return {mu.data() + i * latent, latent}; }
  std::span<const float> logvar_of(std::size_t i) const {
    return {logvar.data() + i * latent, latent};
  }
};

// Encodes images [count][pixels] u8 in parts, on several threads, and calls use() with each part
// and the calling thread's own clone of the model.
void encode_parts(const Model& model, std::span<const std::uint8_t> images,
                  const EvaluateOptions& options,
                  const std::function<void(Model&, const EncodedImages&)>& use,
                  const ImageProgress& progress = {});

}  // namespace picovae::tools
