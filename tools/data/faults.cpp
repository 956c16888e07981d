#include "tools/data/faults.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "picovae/classes.hpp"
#include "picovae/shape.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

constexpr int kFull = 255;
constexpr int kDim = 128;           // the brightest pixel of usual images is brighter
constexpr double kBright = 0.7;     // a border this bright is a background of paper, not black
constexpr double kRepeated = 0.01;  // a few images of large sets are always there twice

// All or nearly all of a data set's ink is missing.
void find_darkness(const Look& look, std::vector<Fault>& faults) {
  const int greatest = look.greatest();
  if (greatest == 1) {
    faults.push_back({"dark",
                      "the brightest pixel is 1 of 255, so that images are black: store 0 and 255 "
                      "in place of 0 and 1"});
  } else if (greatest > 1 && greatest < kDim) {
    faults.push_back({"dim", fmt::format("the brightest pixel is {} of 255: multiply pixels by {}",
                                         greatest, kFull / greatest)});
  }
}

void find_inversion(const Look& look, std::vector<Fault>& faults) {
  if (look.border < kBright * kFull || look.border <= look.center) return;
  faults.push_back(
      {"inverted",
       fmt::format("the background is bright, {:.0f} of 255 at the border and {:.0f} in the "
                   "middle, and is to be 0: picovae convert --invert",
                   look.border, look.center)});
}

void find_constants(const Look& look, std::vector<Fault>& faults) {
  if (look.constant == 0) return;
  faults.push_back(
      {"constant",
       fmt::format("{} of {} images {} of one brightness all over, such as number {} from 0: leave "
                   "{} out",
                   look.constant, look.images, look.constant == 1 ? "is" : "are",
                   look.first_constant, look.constant == 1 ? "it" : "them")});
}

void find_repetitions(const Look& look, std::vector<Fault>& faults) {
  const auto [images, repeated] = std::pair(look.images, look.repeated);
  if (static_cast<double>(repeated) <= kRepeated * static_cast<double>(images)) return;
  faults.push_back({"repeated", fmt::format("{} of {} images repeat an earlier one: leave them "
                                            "out, unless they are to count that often",
                                            repeated, images)});
}

void find_size(const Look& look, std::vector<Fault>& faults) {
  if (2 * look.never_lit > look.pixels()) {
    faults.push_back(
        {"never_lit", fmt::format("{} of {} pixels are 0 in all images: crop the images, for a "
                                  "smaller and faster model",
                                  look.never_lit, look.pixels())});
  }
  if (look.pixels() > kMaxWidth) {
    faults.push_back({"pixels", fmt::format("images have {} x {} = {} pixels, and a model takes at "
                                            "most {}: picovae convert --size 28x28",
                                            look.rows, look.cols, look.pixels(), kMaxWidth)});
  }
}

void find_labels(const Look& look, std::vector<Fault>& faults) {
  if (look.labels.size() <= kMaxClasses) return;
  faults.push_back({"labels", fmt::format("there are {} labels, and a model keeps at most {} "
                                          "classes: merge some, or do without generate --digit",
                                          look.labels.size(), kMaxClasses)});
}

}  // namespace

std::vector<Fault> faults_of_pixels(const Look& look) {
  std::vector<Fault> faults;
  find_darkness(look, faults);
  find_inversion(look, faults);
  find_constants(look, faults);
  return faults;
}

std::vector<Fault> faults_of_half(const Look& look) {
  std::vector<Fault> faults = faults_of_pixels(look);
  find_repetitions(look, faults);
  find_size(look, faults);
  find_labels(look, faults);
  return faults;
}

std::vector<Fault> faults_of_test(const Look& test, const Look& train, std::size_t known) {
  std::vector<Fault> faults;
  if (test.rows != train.rows || test.cols != train.cols) {
    faults.push_back({"size", fmt::format("images have {} x {} pixels, and training images {} x "
                                          "{}: picovae convert --size {}x{}",
                                          test.rows, test.cols, train.rows, train.cols, train.cols,
                                          train.rows)});
  }
  if (known > 0) {
    faults.push_back({"known", fmt::format("{} of {} images are training images as well: leave "
                                           "them out, or figures look better than they are",
                                           known, test.images)});
  }
  std::vector<int> unknown;
  for (const auto& [label, count] : test.labels) {
    if (!train.labels.empty() && !train.labels.contains(label)) unknown.push_back(label);
  }
  if (!unknown.empty()) {
    faults.push_back({"unknown_labels", fmt::format("no training image has the label {}: mend the "
                                                    "labels, or take other images",
                                                    joined(unknown, ", "))});
  }
  return faults;
}

Fault fault_without_test(const Look& train) {
  constexpr std::size_t kOneOf = 6;  // as many as MNIST's test images are to the training images
  return {"no_test", fmt::format("there are no test images: give --validation {} to the commands "
                                 "that have it, to hold out training images",
                                 std::max<std::size_t>(train.images / kOneOf, 1))};
}

}  // namespace picovae::tools
