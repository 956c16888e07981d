// Gaussians fitted to the codes of each class of a data set, so that a class can be drawn, and the
// section of a blob that they become (engine classes.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "picovae/blob.hpp"
#include "tools/data/dataset.hpp"
#include "tools/format/safetensors.hpp"
#include "tools/measure/codes.hpp"

namespace picovae::tools {

// z[units] = mean[c] + factor[c] eps, and z = eps elsewhere, draws from class c.
struct ClassGaussians {
  std::vector<std::uint8_t> labels;  // of the classes, ascending; empty where nothing is known
  std::vector<std::uint16_t> units;  // the latents that the codes use, ascending
  std::vector<float> mean;           // [class][unit]
  std::vector<float> factor;         // [class][unit][unit], lower triangular

  bool empty() const { return labels.empty(); }
  bool operator==(const ClassGaussians&) const = default;
};

// Labels that occur, ascending.
std::vector<std::uint8_t> distinct_labels(std::span<const std::uint8_t> labels);

// Fits a Gaussian to each class: mean of mu; covariance of z, which is the covariance of mu and the
// mean of sigma^2, over the active latents (latents.hpp), as many of the most active as fit into
// kClassBytes a class. Drawn at 0.8 of its spread: the tails of a Gaussian reach into other
// classes. Fails where there are more than kMaxClasses labels, or no active unit.
//   labels  [codes.count], at least one
ClassGaussians fit_classes(const Codes& codes, std::span<const std::uint8_t> labels);

// Encodes a data set and fits its classes; none, where fit_classes would fail, and a line on stderr
// that says why.
ClassGaussians fit_known_classes(const Model& model, const LabelledImages& data,
                                 const EvaluateOptions& options);

// 3 KB for ten classes.
inline constexpr std::size_t kClassBytes = 3072 / 10;

// Rounds to the section of a blob; its signature is zero so far.
std::vector<std::byte> class_section(const ClassGaussians& classes);

// The section of a blob that open_blob accepts, as it stands there; empty where it has none.
std::vector<std::byte> class_section(const BlobView& view);

// As extras of a safetensors file: picovae.class.labels, .units, .mean and .factor.
std::vector<Tensor> class_tensors(const ClassGaussians& classes);

// The reverse; empty where the file has none of the four. Fails where they do not fit together or
// are not what fit_classes makes; `name` stands for the file, `latent` is the model's.
ClassGaussians parse_class_tensors(std::span<const Tensor> tensors, std::size_t latent,
                                   std::string_view name);

}  // namespace picovae::tools
