// The float model over calibration images, layer by layer: what each layer of the integer model has
// to reproduce.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/kernels.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/network.hpp"
#include "tools/quantize/run_layer.hpp"

namespace picovae::tools {

struct CalibrationOptions {
  std::size_t images = 0;  // how many, spread evenly over those given
  std::uint64_t seed = 0;  // of the noise of the latents
  unsigned threads = 1;
  bool prior = false;  // whether the decoder runs on digits of the prior as well
};

class Calibration {
 public:
  // What one layer does in float, before the activation.
  struct LayerTrace {
    AlignedRows<float> outputs;        // [images][out]
    AlignedRows<float> prior_outputs;  // the same of digits of the prior; or none
  };

  //   images   [count][pixels] u8
  //   kernels  run the float model, and are kept
  Calibration(const Network& network, std::span<const std::uint8_t> images,
              const CalibrationOptions& options, const Kernels& kernels);

  std::size_t images() const { return x_.rows(); }

  // The pixels as an s8 model takes them, p >> 1.
  const AlignedRows<std::uint8_t>& pixels() const { return pixels_; }

  // z ~ q(z|x) of each image in Q3.10, once the encoder's heads have run.
  const AlignedRows<std::int16_t>& latents() const { return latents_; }

  // Runs the next layer, kEncoder0 first. The decoder's input is z ~ q(z|x), and as many z of the
  // prior if they are wanted.
  LayerTrace next();

 private:
  void draw_latents(const AlignedRows<float>& heads);

  std::vector<FloatLayer> layers_;
  CalibrationOptions options_;
  Activation activation_;  // of hidden layers
  Dimensions dimensions_;
  const Kernels& kernels_;
  std::size_t next_ = 0;
  AlignedRows<float> x_, prior_;  // inputs of the next layer; the prior's only in the decoder
  AlignedRows<std::uint8_t> pixels_;
  AlignedRows<std::int16_t> latents_;
};

}  // namespace picovae::tools
