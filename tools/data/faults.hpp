// What is likely wrong with a data set, and what to do about it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/data/look.hpp"

namespace picovae::tools {

struct Fault {
  std::string_view name;  // for programs, such as "inverted"
  std::string text;       // for people: what is wrong, and after a colon what to do
};

// Pixels that no training makes a good model of: "dark", "dim", "inverted", "constant".
std::vector<Fault> faults_of_pixels(const Look& look);

// Those and what a training does not mind, but its figures, or other commands, do: "repeated",
// "never_lit", "pixels", "labels".
std::vector<Fault> faults_of_half(const Look& look);

// Of the test half beside the training half: "size", "known", "unknown_labels".
//   known  test images that are training images as well (count_known)
std::vector<Fault> faults_of_test(const Look& test, const Look& train, std::size_t known);

// Of a data set without a test half: "no_test".
Fault fault_without_test(const Look& train);

}  // namespace picovae::tools
