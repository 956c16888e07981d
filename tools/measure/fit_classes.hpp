// Fits a Gaussian to the codes of each class of a data set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/data/dataset.hpp"
#include "tools/format/class_gaussians.hpp"
#include "tools/measure/codes.hpp"

namespace picovae::tools {

// Of a class in a blob, on average: 3 KB for ten classes.
inline constexpr std::size_t kClassBytes = 3072 / 10;

// How many of so many latents fit into kClassBytes a class.
std::size_t units_that_fit(std::size_t classes, std::size_t units);

// Labels that occur, ascending.
std::vector<std::uint8_t> distinct_labels(std::span<const std::uint8_t> labels);

// Fits a Gaussian to each class: mean of mu; covariance of z, which is the covariance of mu and the
// mean of sigma^2, over the active latents, as many of the most active as fit into kClassBytes a
// class. The factor is 0.8 of the covariance's: the tails of a Gaussian reach into other classes.
// Fails if there are more than kMaxClasses labels, or no active latent, and
// with NotFinite if a Gaussian is none in f32.
//   labels  [codes.count], at least one
ClassGaussians fit_classes(const Codes& codes, std::span<const std::uint8_t> labels);

// Encodes a data set and fits its classes. Without labels: none. If fit_classes fails: none, and a
// line on stderr that says why.
ClassGaussians fit_known_classes(const Model& model, const LabeledImages& data,
                                 const EvaluateOptions& options);

}  // namespace picovae::tools
