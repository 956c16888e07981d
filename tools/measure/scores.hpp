// How far images are from normal: the scores of picovae/score.hpp for a data set, by models of any
// kind, and how well they tell one data set from another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/measure/evaluation.hpp"

namespace picovae::tools {

// Of each image [count][pixels] u8, by the model's own arithmetic. Throws NotFinite.
std::vector<ImageScore> score_images(const Model& model, std::span<const std::uint8_t> images,
                                     unsigned threads, const ImageProgress& progress = {});

// The probability that an image of `abnormal` has a higher value than one of `normal`; half of it
// for equal ones (the area under the ROC curve; Hanley and McNeil 1982). Neither is empty.
double auroc(std::span<const double> normal, std::span<const double> abnormal);

// The value at or below which a share of the values is: of `share` 0 the lowest, of 1 the highest.
//   ascending  not empty
double quantile(std::span<const double> ascending, double share);

// The lowest value that at most a share `false_alarms` of the values exceeds.
//   ascending  not empty
double threshold_of(std::span<const double> ascending, double false_alarms);

}  // namespace picovae::tools
