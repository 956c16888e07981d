// Dense layers of other programs, by name and shape.
#pragma once

#include <cstddef>
#include <vector>

#include "tools/format/foreign_model.hpp"

namespace picovae::tests {

struct NamedShape {
  const char* name;
  std::size_t in, out;
};

// Layers whose values are all different.
inline std::vector<tools::ForeignLayer> layers_of(const std::vector<NamedShape>& shapes) {
  std::vector<tools::ForeignLayer> layers;
  float next = 0;
  for (const auto& [name, in, out] : shapes) {
    tools::DenseWeights dense{in, out, std::vector<float>(in * out), std::vector<float>(out)};
    for (float& value : dense.weight) value = ++next;
    for (float& value : dense.bias) value = ++next;
    layers.push_back({name, dense, false});
  }
  return layers;
}

// 9-6-6-2: the second layers of both ways and the heads have equal shapes.
inline std::vector<tools::ForeignLayer> twins(const char* first, const char* second, const char* mu,
                                              const char* logvar, const char* third,
                                              const char* fourth, const char* fifth) {
  return layers_of({{fifth, 6, 9},
                    {fourth, 6, 6},
                    {logvar, 6, 2},
                    {mu, 6, 2},
                    {third, 2, 6},
                    {second, 6, 6},
                    {first, 9, 6}});
}

}  // namespace picovae::tests
