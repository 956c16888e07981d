// The posteriors of many images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/measure/elbo.hpp"

namespace picovae::tools {

struct Codes {
  std::size_t count = 0, latent = 0;
  std::vector<float> mu, logvar;  // [count][latent], in real units
};

// Encodes images [count][pixels] u8. Of the options pixels and seed decide what the model sees, as
// evaluate() has it; threads do not change the result.
Codes encode_images(const Model& model, std::span<const std::uint8_t> images,
                    const EvaluateOptions& options);

}  // namespace picovae::tools
