#include "tools/train/parameters.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/tools/stripes.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

TEST_CASE("parameters hold a network exactly") {
  const Network network = initial_network({20, 7, 6, 3}, 9);
  const Network copy = Parameters(Plan({20, 7, 6, 3}), network).network();
  CHECK(all_values(copy) == all_values(network));
  CHECK(copy.latent == 3);
  CHECK(copy.decoder2.out == 20);
}

TEST_CASE("row blocks hold each weight once, the largest blocks first") {
  const Plan plan({100, 60, 50, 5});
  std::vector<int> times(plan.size);
  std::size_t largest = plan.size;
  for (const RowBlock& block : row_blocks(plan)) {
    const LayerPlan& layer = plan.layers[block.layer];
    CHECK(block.size <= largest);
    CHECK(block.last - block.first <= kBlockRows);
    CHECK(block.offset == layer.offset + block.first * layer.width);
    CHECK(block.size == (block.last - block.first) * layer.width);
    for (std::size_t i = 0; i < block.size; ++i) ++times[block.offset + i];
    largest = block.size;
  }
  CHECK(times == std::vector<int>(plan.size, 1));
}

// Of a network of 200-100-80-10.
void check_start(const Network& network) {
  for (const NetworkLayer& layer : kNetworkLayers) {
    const DenseWeights& dense = network.*layer.weights;
    const bool is_hidden = dense.out == 100 || dense.out == 80;
    const bool he = is_hidden && network.activation == Activation::kRelu;
    const double limit = std::sqrt(6.0 / static_cast<double>(he ? dense.in : dense.in + dense.out));
    const auto [lowest, highest] = std::minmax_element(dense.weight.begin(), dense.weight.end());
    CAPTURE(layer.name);
    CHECK(*lowest >= -limit);
    CHECK(*highest <= limit);
    CHECK(*highest - *lowest > 1.95 * limit);
    const double mean = std::accumulate(dense.weight.begin(), dense.weight.end(), 0.0) /
                        static_cast<double>(dense.weight.size());
    CHECK(std::fabs(mean) < 0.08 * limit);
    CHECK(std::all_of(dense.bias.begin(), dense.bias.end(), [](float b) { return b == 0; }));
  }
}

TEST_CASE("weights start uniform within Glorot's limit, or He's below ReLU; biases at zero") {
  const Network network = initial_network({200, 100, 80, 10}, 1);
  check_start(network);
  check_start(initial_network({200, 100, 80, 10}, 1, Activation::kRelu));
  CHECK(network.mu.weight != network.logvar.weight);
  CHECK(all_values(initial_network({200, 100, 80, 10}, 1)) == all_values(network));
  CHECK(all_values(initial_network({200, 100, 80, 10}, 2)) != all_values(network));
}

}  // namespace
