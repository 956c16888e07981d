#include "tools/train/training_state.hpp"

#include <fmt/core.h>

#include <string_view>

namespace picovae::tools {

StateList list_of(TrainingState& state) {
  StateList list;
  list.add("weights", state.parameters.values());
  list.add("mean", state.mean);
  list.add("square", state.square);
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    Rotation& rotation = state.rotations[i];
    const auto name = [&](std::string_view part) { return fmt::format("rotation.{}.{}", i, part); };
    list.add(name("second_moment"), rotation.second_moment);
    list.add(name("axes"), rotation.axes);
    list.add(name("scales"), rotation.scales);
    list.add(name("observed"), &rotation.observed);
    list.add(name("renewed"), &rotation.renewed);
  }
  list.add("mean_norm", &state.mean_norm);
  list.add("epochs", &state.epochs);
  list.add("steps", &state.steps);
  list.add("images", &state.images);
  list.add("reconstruction_sum", &state.reconstruction_sum);
  list.add("kl_sum", &state.kl_sum);
  list.add("loss_sum", &state.loss_sum);
  return list;
}

void complete(TrainingState& state) {
  for (Rotation& rotation : state.rotations) {
    if (rotation.active()) set_matrices(rotation);
  }
}

}  // namespace picovae::tools
