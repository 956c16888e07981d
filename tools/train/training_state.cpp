#include "tools/train/training_state.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

enum class Sign { kAny, kNonNegative };

// The one list of what a state holds. Calls array(key, values, sign) and number(key, value, sign)
// for each.
template <typename State, typename Array, typename Number>
void visit(State& state, const Array& array, const Number& number) {
  const auto key = [](std::string_view name) { return fmt::format("picovae.train.{}", name); };
  array(key("weights"), std::span(state.parameters.values()), Sign::kAny);
  array(key("mean"), std::span(state.mean), Sign::kAny);
  array(key("square"), std::span(state.square), Sign::kNonNegative);
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    auto& rotation = state.rotations[i];
    const auto part = [&](std::string_view name) {
      return key(fmt::format("rotation.{}.{}", i, name));
    };
    array(part("second_moment"), std::span(rotation.second_moment), Sign::kAny);
    array(part("axes"), std::span(rotation.axes), Sign::kAny);
    array(part("scales"), std::span(rotation.scales), Sign::kNonNegative);
    number(part("observed"), rotation.observed, Sign::kNonNegative);
    number(part("renewed"), rotation.renewed, Sign::kNonNegative);
  }
  number(key("mean_norm"), state.mean_norm, Sign::kNonNegative);
  number(key("epochs"), state.epochs, Sign::kNonNegative);
  number(key("steps"), state.steps, Sign::kNonNegative);
  number(key("images"), state.images, Sign::kNonNegative);
  number(key("reconstruction_sum"), state.reconstruction_sum, Sign::kAny);
  number(key("kl_sum"), state.kl_sum, Sign::kAny);
  number(key("loss_sum"), state.loss_sum, Sign::kAny);
}

// Returns whether all of `text` is a value that `number` can have, and sets it.
bool parse(std::string_view text, Sign sign, double& number) {
  const auto found = parse_number<double>(text);
  number = found.value_or(0);
  return found && std::isfinite(number) && (sign == Sign::kAny || number >= 0);
}

template <std::integral Number>
bool parse(std::string_view text, Sign sign, Number& number) {
  const auto found = parse_number<Number>(text);
  number = found.value_or(0);
  return found && (sign == Sign::kAny || number >= 0);
}

bool parse(std::string_view text, Sign, bool& number) {
  number = text == "true";
  return number || text == "false";
}

}  // namespace

SafetensorsFile to_safetensors(const TrainingState& state) {
  SafetensorsFile file;
  visit(
      state,
      [&](const std::string& key, std::span<const float> values, Sign) {
        file.tensors.push_back({key, {values.size()}, {values.begin(), values.end()}});
      },
      [&](const std::string& key, const auto& value, Sign) {
        file.metadata[key] = fmt::format("{}", value);
      });
  return file;
}

void restore(TrainingState& state, const SafetensorsFile& file, std::string_view name) {
  visit(
      state,
      [&](const std::string& key, std::span<float> values, Sign sign) {
        const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                        [&](const Tensor& tensor) { return tensor.name == key; });
        if (found == file.tensors.end()) {
          fail("{}: the tensor {} is missing; it is no checkpoint of this training", name, key);
        }
        if (found->data.size() != values.size()) {
          fail("{}: the tensor {} has {} values, not {}", name, key, found->data.size(),
               values.size());
        }
        const auto negative = std::find_if(found->data.begin(), found->data.end(),
                                           [](float value) { return value < 0; });
        if (sign == Sign::kNonNegative && negative != found->data.end()) {
          fail("{}: the tensor {} has {} at index {}; it cannot be negative", name, key, *negative,
               negative - found->data.begin());
        }
        std::copy(found->data.begin(), found->data.end(), values.begin());
      },
      [&](const std::string& key, auto& value, Sign sign) {
        const auto found = file.metadata.find(key);
        if (found == file.metadata.end()) {
          fail("{}: {} is missing; it is no checkpoint of this training", name, key);
        }
        if (!parse(found->second, sign, value)) {
          fail("{}: {} is {}; it cannot be that", name, key, quote_name(found->second));
        }
      });
  for (Rotation& rotation : state.rotations) {
    if (rotation.active()) set_matrices(rotation);
  }
}

}  // namespace picovae::tools
