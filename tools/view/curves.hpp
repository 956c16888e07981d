// The log of a training as curves.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace picovae::tools {

// One epoch: its number; negative ELBO, reconstruction and KL of the training images; the same of
// the held-out ones.
using CurvePoint = std::array<double, 7>;

struct Curves {
  std::vector<CurvePoint> points;
  std::string held_out = "test";  // or "validation": which images, as the log's columns are called
};

// Reads a log of `picovae train --log`; it may have further columns. Returns at least one epoch.
// (Logs of --validation before 0.2.0 say test: they are read as what they say.)
// Fails, naming `name` and the line, if a column is missing, if a line has too few or too many
// fields, if a field is not a finite number, or if epochs do not ascend.
Curves parse_curves(std::string_view csv, std::string_view name);

// A gnuplot script that writes a PNG of 1200 x 800 pixels to its standard output: negative ELBO,
// reconstruction and KL over the epochs, of training and held-out images.
std::string curves_script(const Curves& curves);

}  // namespace picovae::tools
