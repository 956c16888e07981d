// The log of a training as curves.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace picovae::tools {

// The columns of a training's log that are drawn, by the names in its first line.
inline constexpr std::array<std::string_view, 7> kCurveColumns = {
    "epoch",    "train_neg_elbo", "train_reconstruction",
    "train_kl", "test_neg_elbo",  "test_reconstruction",
    "test_kl"};

using CurvePoint = std::array<double, kCurveColumns.size()>;  // in that order, one epoch

// Reads a log as `picovae train --log` writes it; other columns may stand between those that are
// drawn. Returns at least one epoch. Fails with `name` and the line where a column is missing, a
// line has too few or too many fields, a field is no finite number, or epochs do not ascend.
std::vector<CurvePoint> parse_curves(std::string_view csv, std::string_view name);

// A gnuplot script that writes a PNG of 1200 x 800 pixels to its standard output: negative ELBO,
// reconstruction and KL over the epochs, on train and test.
std::string curves_script(const std::vector<CurvePoint>& points);

}  // namespace picovae::tools
