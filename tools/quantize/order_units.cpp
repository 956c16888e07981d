#include "tools/quantize/order_units.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "tools/quantize/activation_ranges.hpp"

namespace picovae::tools {
namespace {

// Inputs of a layer, largest first.
std::vector<std::size_t> descending(const DenseWeights& layer, const UnitRanges& units) {
  std::vector<double> reach = input_squares(layer);
  for (std::size_t k = 0; k < layer.in; ++k)
    reach[k] = std::sqrt(reach[k]) * units.gain[k] * units.range[k];
  std::vector<std::size_t> order(layer.in);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return reach[a] > reach[b]; });
  return order;
}

// The units between two layers in another order.
void reorder(const std::vector<std::size_t>& order, DenseWeights& from, DenseWeights& to) {
  const DenseWeights old_from = from, old_to = to;
  for (std::size_t i = 0; i < order.size(); ++i) {
    from.bias[i] = old_from.bias[order[i]];
    for (std::size_t k = 0; k < from.in; ++k) {
      from.weight[i * from.in + k] = old_from.weight[order[i] * from.in + k];
    }
    for (std::size_t j = 0; j < to.out; ++j) {
      to.weight[j * to.in + i] = old_to.weight[j * to.in + order[i]];
    }
  }
}

}  // namespace

Network order_units(const Network& network, std::span<const std::uint8_t> images,
                    const QuantizeOptions& options, const Kernels& kernels) {
  const auto units =
      choose_ranges(network, images, {.seed = options.seed, .threads = options.threads}, kernels);
  Network ordered = network;
  if (network.hidden2 == 0) {
    reorder(descending(network.decoder2, units[kDecoder0]), ordered.decoder0, ordered.decoder2);
    return ordered;
  }
  reorder(descending(network.decoder1, units[kDecoder0]), ordered.decoder0, ordered.decoder1);
  reorder(descending(network.decoder2, units[kDecoder1]), ordered.decoder1, ordered.decoder2);
  return ordered;
}

}  // namespace picovae::tools
