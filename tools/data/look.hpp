// What the images of a data set are like, before a model is trained on them: figures alone.
// faults.hpp says what is wrong with them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tools/data/dataset.hpp"

namespace picovae::tools {

// Of one half of a data set. Brightness is that of pixels, 0..255.
struct Look {
  std::size_t images = 0;
  std::size_t rows = 0, cols = 0;              // of each image, in pixels
  std::map<std::uint8_t, std::size_t> labels;  // images of each; empty if there are no labels
  std::array<std::uint64_t, 256> values{};     // how many pixels there are of each brightness

  // Places of an image that are 0, or 255, in all of them.
  std::size_t never_lit = 0, always_lit = 0;

  std::size_t constant = 0;        // images of one brightness all over
  std::size_t first_constant = 0;  // number of the first one, if there is any
  std::size_t repeated = 0;        // images that are equal to an earlier one

  // Mean brightness of the outermost pixels, and of the middle half of rows and columns.
  double border = 0, center = 0;

  static constexpr std::size_t kBins = 16;

  std::size_t pixels() const { return rows * cols; }
  std::uint8_t least() const;
  std::uint8_t greatest() const;
  double mean() const;

  // Shares of pixels by brightness: 0..15, 16..31 and so on.
  std::array<double, kBins> histogram() const;

  // Nats an image, on average: that of its pixels as probabilities. No model of gray pixels has a
  // smaller reconstruction term.
  double entropy() const;
};

//   data  at least one image
Look look_at(const LabeledImages& data);

// How many of `images` are among `known`, pixel for pixel; both are of one size.
std::size_t count_known(const Images& images, const Images& known);

}  // namespace picovae::tools
