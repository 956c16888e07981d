// A few images that show what a data set holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/data/dataset.hpp"

namespace picovae::tools {

// Returns `each` images of each label, a label after the other; without labels ten times `each`
// images, or all if there are fewer. They are taken evenly from the set, as many sets are sorted.
//   empty  brightness of the images that are added to a label which has too few
// Returns [n][rows * cols] u8.
std::vector<std::uint8_t> contact_sheet(const LabeledImages& data, std::size_t each,
                                        std::uint8_t empty);

}  // namespace picovae::tools
