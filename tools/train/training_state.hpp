// All that training changes. Noise and order are functions of the seed and the epoch, so this and
// the recipe are what it takes to go on.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/train/parameters.hpp"
#include "tools/train/rotation.hpp"
#include "tools/train/state_list.hpp"

namespace picovae::tools {

// The layers whose inputs are rotated, where any are: those above hidden layers.
inline constexpr std::array kRotatedLayers{kEncoder1, kEncoderHeads, kDecoder1, kDecoder2};

struct TrainingState {
  Parameters parameters;
  AlignedFloats mean, square;       // Adam's moments, laid out as the parameters
  std::vector<Rotation> rotations;  // of kRotatedLayers, or none
  double mean_norm = 0;             // running mean of the gradients' norm, where there is a clip
  int epochs = 0;                   // done
  std::uint64_t steps = 0;          // done

  // Of the epoch under way.
  std::uint64_t images = 0;                                 // done
  double reconstruction_sum = 0, kl_sum = 0, loss_sum = 0;  // of those
};

// Names all of it for a checkpoint. After a restore() through the list, call complete().
StateList list_of(TrainingState& state);

// Computes what follows from the rest, and so is in no checkpoint.
void complete(TrainingState& state);

}  // namespace picovae::tools
