// The shape of a model that fits a board's flash.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/shape.hpp"

namespace picovae::tools {

// What a firmware keeps free of the model, in bytes: the engine with scores and a demo take up to
// 12 KiB on an M0, and 2 KiB are for thresholds and for dead pixels that were counted too high.
inline constexpr std::size_t kCodeBytes = 14'336;

// What is known of the images before a model is trained.
struct FitData {
  std::uint16_t pixels;
  // Pixels that each half can surely do without (pixel_statistics.hpp).
  std::uint16_t dead_inputs, dead_outputs;
  std::size_t classes;  // distinct labels, if there are any
};

struct Fit {
  Dimensions shape;
  std::size_t model;  // bytes of flash, expected: s8, both halves, layout cortex-m
  std::size_t ram;    // bytes, without stack
};

// The best shape of the table in fit.cpp whose model and code take at most `flash` bytes. Fails,
// naming the least that is enough, if there is none.
Fit fit_shape(std::size_t flash, const FitData& data);

}  // namespace picovae::tools
