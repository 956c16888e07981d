// All that training changes. Noise and order are functions of the seed and the epoch, so this and
// the recipe are enough to continue a training.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/base/aligned.hpp"
#include "tools/format/safetensors.hpp"
#include "tools/train/parameters.hpp"
#include "tools/train/rotation.hpp"

namespace picovae::tools {

struct TrainingState {
  Parameters parameters;
  AlignedFloats mean, square;       // Adam's moments, laid out as the parameters
  std::vector<Rotation> rotations;  // of kRotatedLayers, or none
  double mean_norm = 0;             // running mean of the gradients' norm, if there is a clip
  int epochs = 0;                   // done
  std::uint64_t steps = 0;          // done

  // Of the epoch under way.
  std::uint64_t images = 0;                                 // done
  double reconstruction_sum = 0, kl_sum = 0, loss_sum = 0;  // of those
};

// The state under the names picovae.train.*: arrays are tensors, numbers are metadata, as text that
// is read back exactly.
SafetensorsFile to_safetensors(const TrainingState& state);

// Restores a state of the same sizes; anything else in `file` is ignored. Fails, naming `name` (the
// file's), if something is missing, has another size, or is not a number or a negative one that
// cannot be; the state is then of no use.
void restore(TrainingState& state, const SafetensorsFile& file, std::string_view name);

}  // namespace picovae::tools
