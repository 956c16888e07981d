// The log of a training as curves.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace picovae::tools {

// The columns of a training log that are drawn, by their names in its first line.
inline constexpr std::array<std::string_view, 7> kCurveColumns = {
    "epoch",    "train_neg_elbo", "train_reconstruction",
    "train_kl", "test_neg_elbo",  "test_reconstruction",
    "test_kl"};

using CurvePoint = std::array<double, kCurveColumns.size()>;  // in that order, one epoch

// Reads a log of `picovae train --log`; it may have further columns. Returns at least one epoch.
// Fails, naming `name` and the line, if a column is missing, if a line has too few or too many
// fields, if a field is not a finite number, or if epochs do not ascend.
std::vector<CurvePoint> parse_curves(std::string_view csv, std::string_view name);

// A gnuplot script that writes a PNG of 1200 x 800 pixels to its standard output: negative ELBO,
// reconstruction and KL over the epochs, on train and test.
std::string curves_script(const std::vector<CurvePoint>& points);

}  // namespace picovae::tools
