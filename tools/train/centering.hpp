// The centered form of the network, in which training converges faster: every layer sees inputs
// about zero, so that a step on its weights is not mostly one on its biases (LeCun et al. 1998,
// "Efficient BackProp", section 4.3). It computes
//   pixels -> (x - mean) scale, hidden layers -> f(a) - hidden, f softplus or ReLU
// and folds into the weights of the plain form exactly.
#pragma once

#include <cstdint>
#include <span>

#include "tools/base/aligned.hpp"
#include "tools/data/pixels.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

struct Centering {
  AlignedFloats pixel_mean;  // [pixels], padded to whole lines
  float pixel_scale = 1;
  float hidden = 0;
};

// The plain form: nothing is subtracted.
Centering no_centering(std::size_t pixels);

// The mean of the images' inputs as `mode` has it, and constants that suit every data set.
//   images [count][pixels] u8, at least one
//   hidden the activation of hidden layers
Centering centering_of(std::span<const std::uint8_t> images, std::size_t pixels, PixelMode mode,
                       Activation hidden = Activation::kSoftplus);

// Starts the logits at those of the mean image, in place of zero biases.
void start_at_mean(const Centering& centering, Network& network);

// Turns the weights of the centered form into plain ones that compute the same.
void fold(const Centering& centering, Network& network);

}  // namespace picovae::tools
