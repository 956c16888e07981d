#include "tools/quantize/activation_costs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/quantize/layer_passes.hpp"
#include "tools/quantize/run_layer.hpp"

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

namespace {

constexpr Dimensions kSize{70, 37, 21, 3};
constexpr std::size_t kImages = 20;

LayerPasses run(const Network& network) {
  return pass_layers(network, wavy_images(kImages, kSize.pixels, 1));
}

double logistic(double t) { return 1 / (1 + std::exp(-t)); }

// The sum over a layer's outputs of weight^2 times what an error of each costs.
template <typename OutputCost>
double sum_of_costs(const DenseWeights& layer, std::size_t input, OutputCost&& output_cost) {
  double sum = 0;
  for (std::size_t j = 0; j < layer.out; ++j) {
    sum += std::pow(layer.weight[j * layer.in + input], 2) * output_cost(j);
  }
  return sum;
}

}  // namespace

// hidden: the activation of hidden layers
void check_costs(Activation hidden) {
  Network network = random_network(kSize, 3);
  network.activation = hidden;
  const LayerPasses passes = run(network);
  const LayerMatrices costs = activation_costs(network, passes.seen, kScalarKernels, 2);
  for (std::size_t row = 0; row < kImages; ++row) {
    const auto out = [&](Layer l, std::size_t j) {
      return static_cast<double>(passes.seen[l].row(row)[j]);
    };
    const auto slope_squared = [&](Layer l, std::size_t j) {
      if (hidden == Activation::kRelu) return out(l, j) > 0 ? 1.0 : 0.0;
      return std::pow(logistic(out(l, j)), 2);
    };
    const auto check = [&](Layer l, const DenseWeights& next, auto&& output_cost) {
      REQUIRE(costs[l].width() == next.in);
      for (std::size_t i = 0; i < next.in; ++i) {
        CHECK(costs[l].row(row)[i] ==
              doctest::Approx(sum_of_costs(next, i, output_cost)).epsilon(0.05));
      }
    };
    check(kDecoder1, network.decoder2, [&](std::size_t j) {
      const double p = logistic(out(kDecoder2, j));
      return p * (1 - p);
    });
    check(kDecoder0, network.decoder1, [&](std::size_t j) {
      return slope_squared(kDecoder1, j) * static_cast<double>(costs[kDecoder1].row(row)[j]);
    });
    check(kEncoder0, network.encoder1, [&](std::size_t j) {
      return slope_squared(kEncoder1, j) * static_cast<double>(costs[kEncoder1].row(row)[j]);
    });
    for (std::size_t i = 0; i < kSize.hidden2; ++i) {
      const double wanted = sum_of_costs(network.mu, i,
                                         [&](std::size_t j) {
                                           return std::exp(-out(kEncoderHeads, kSize.latent + j));
                                         }) +
                            sum_of_costs(network.logvar, i, [](std::size_t) { return 0.5; });
      CHECK(costs[kEncoder1].row(row)[i] == doctest::Approx(wanted).epsilon(0.05));
    }
  }
}

TEST_CASE("an error costs what the loss is curved, layer by layer") {
  check_costs(Activation::kSoftplus);
  check_costs(Activation::kRelu);
}

TEST_CASE("of the prior's digits there are costs of the decoder alone") {
  const Network network = random_network(kSize, 3);
  const LayerPasses passes = run(network);
  const LayerMatrices costs = activation_costs(network, passes.drawn, kScalarKernels, 1);
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    const bool wanted = l == kDecoder0 || l == kDecoder1;
    CHECK(costs[l].rows() == (wanted ? kImages : 0));
  }
}

TEST_CASE("outputs that are not finite or huge cost a finite number or none") {
  const Network network = random_network(kSize, 3);
  LayerMatrices outputs = run(network).seen;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float strange[] = {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 1e30F,
                           -1e30F};
  for (AlignedRows<float>& layer : outputs) {
    for (std::size_t i = 0; i < std::size(strange); ++i) layer.row(0)[i] = strange[i];
  }
  for (const AlignedRows<float>& layer : activation_costs(network, outputs, kScalarKernels, 1)) {
    for (std::size_t row = 0; row < layer.rows(); ++row) {
      CHECK(std::all_of(layer.row(row), layer.row(row) + layer.width(),
                        [](float cost) { return std::isfinite(cost) && cost >= 0; }));
    }
  }
}
