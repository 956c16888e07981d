// A Gaussian over the latents for each class of a data set, so that a class can be drawn: as
// tensors of a safetensors file, and as the section of a blob (engine classes.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "picovae/blob.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {

// Draws from class c: z[units] = mean[c] + factor[c] eps, and z = eps in the other latents.
struct ClassGaussians {
  std::vector<std::uint8_t> labels;  // of the classes, ascending; empty if nothing is known
  std::vector<std::uint16_t> units;  // the latents that depend on the class, ascending
  std::vector<float> mean;           // [class][unit]
  std::vector<float> factor;         // [class][unit][unit], lower triangular

  bool empty() const { return labels.empty(); }
  bool operator==(const ClassGaussians&) const = default;
};

// The tensors picovae.class.labels, .units, .mean and .factor; none if there are no classes.
std::vector<Tensor> class_tensors(const ClassGaussians& classes);

// The reverse; empty if the file has none of the four. Fails if one is missing or they do not fit
// together, or the model, which has `latent` latents. `name` is the file's, for messages.
ClassGaussians parse_class_tensors(std::span<const Tensor> tensors, std::size_t latent,
                                   std::string_view name);

// The section of a blob, rounded to nearest; its signature is still zero.
std::vector<std::byte> class_section(const ClassGaussians& classes);

// The section of a blob that open_blob accepted, unchanged; empty if it has none.
std::vector<std::byte> class_section(const BlobView& view);

}  // namespace picovae::tools
