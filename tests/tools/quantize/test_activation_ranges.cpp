#include "tools/quantize/activation_ranges.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "picovae/blob.hpp"
#include "picovae/ranges.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/quantize/layer_passes.hpp"
#include "tools/quantize/activation_costs.hpp"
#include "tools/quantize/run_layer.hpp"

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

namespace {

constexpr Dimensions kSize{70, 37, 21, 3};
constexpr std::size_t kImages = 6000;  // if they are few, to cut off one never pays

// Activations and costs of what a layer sees.
struct Layers : LayerPasses {
  LayerMatrices seen_costs, drawn_costs;
};

Layers run(const Network& network, std::span<const std::uint8_t> images,
           const std::array<UnitRanges, kLayerCount>& units = {}) {
  Layers layers{pass_layers(network, images), {}, {}};
  layers.seen_costs = activation_costs(network, layers.seen, kScalarKernels, 1);
  layers.drawn_costs = activation_costs(network, layers.drawn, kScalarKernels, 1);
  for (LayerMatrices* matrices : {&layers.seen, &layers.drawn}) {
    for (std::size_t l = 0; l < kLayerCount; ++l) {
      raise_outputs((*matrices)[l], units[l].raise);
      apply_hidden((*matrices)[l], network.activation, kScalarKernels);
    }
  }
  return layers;
}

double rounding_cost(const AlignedRows<float>& x, const AlignedRows<float>& costs, std::size_t unit,
                     double range, double greatest) {
  double sum = 0;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const double value = x.row(row)[unit];
    const double step = range / greatest;
    const double q = std::min(std::floor(value / step + 0.5), greatest);
    sum += costs.row(row)[unit] * (value - q * step) * (value - q * step);
  }
  return sum;
}

double largest_in(const AlignedRows<float>& x, std::size_t unit) {
  double largest = 0;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    largest = std::max(largest, static_cast<double>(x.row(row)[unit]));
  }
  return largest;
}

void check_ranges(std::uint8_t greatest) {
  CAPTURE(int{greatest});
  const Network network = random_network(kSize, 10);
  const auto images = wavy_images(kImages, kSize.pixels, 1);
  const auto units =
      choose_ranges(network, images, {.images = kImages, .greatest = greatest}, kScalarKernels);
  const Layers layers = run(network, images, units);
  std::size_t narrower = 0;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    if (!is_hidden_layer(l)) {
      CHECK(units[l].range.empty());
      continue;
    }
    REQUIRE(units[l].range.size() == layers.seen[l].width());
    for (std::size_t i = 0; i < units[l].range.size(); ++i) {
      const auto cost = [&](double range) {
        return rounding_cost(layers.seen[l], layers.seen_costs[l], i, range, greatest) +
               0.25 * rounding_cost(layers.drawn[l], layers.drawn_costs[l], i, range, greatest);
      };
      const double largest =
          std::max(largest_in(layers.seen[l], i), largest_in(layers.drawn[l], i));
      CHECK(units[l].range[i] <= largest * 1.0001);
      for (const double share : {1.0, 0.9, 0.75, 0.6, 0.45, 0.3}) {
        CHECK(cost(units[l].range[i]) <= cost(share * largest) * 1.01 + 1e-9);
      }
      if (units[l].range[i] < 0.99 * largest) ++narrower;
    }
  }
  CHECK(narrower > 10);
}

}  // namespace

TEST_CASE("no range costs images and prior digits less than the one chosen") {
  check_ranges(kMaxActivation);
  check_ranges(170);
}

TEST_CASE("a unit that one image drives far out is rounded for the others") {
  constexpr std::size_t kMany = 20'000;
  Network network = random_network(kSize, 10);
  auto images = wavy_images(kMany, kSize.pixels, 1);
  // Pixel 0 is lit in one image alone, and reaches unit 5 alone.
  for (std::size_t image = 0; image < kMany; ++image) images[image * kSize.pixels] = 0;
  for (std::size_t j = 0; j < kSize.hidden1; ++j) network.encoder0.weight[j * kSize.pixels] = 0;
  const auto before = choose_ranges(network, images, {.images = kMany}, kScalarKernels);
  images[7 * kSize.pixels] = 255;
  network.encoder0.weight[5 * kSize.pixels] =
      static_cast<float>(1.5 * largest_in(run(network, images).seen[kEncoder0], 5));
  const auto after = choose_ranges(network, images, {.images = kMany}, kScalarKernels);
  const double largest = largest_in(run(network, images).seen[kEncoder0], 5);
  CHECK(largest > 1.4 * before[kEncoder0].range[5]);
  CHECK(after[kEncoder0].range[5] < 0.96 * largest);
  CHECK(after[kEncoder0].range[4] == before[kEncoder0].range[4]);
}

TEST_CASE("units that stay small are raised, the others are not") {
  Network network = random_network(kSize, 10);
  const auto set_unit = [&](std::size_t unit, float weights, float bias) {
    float* weight = network.encoder1.weight.data() + unit * kSize.hidden1;
    for (std::size_t i = 0; i < kSize.hidden1; ++i) weight[i] *= weights;
    network.encoder1.bias[unit] = bias;
  };
  set_unit(3, 1e-4F, -4);
  set_unit(4, 1e-4F, -0.5F);
  set_unit(5, 1e-4F, 1);
  set_unit(6, 0, -200);
  const auto images = wavy_images(kImages, kSize.pixels, 1);
  const UnitRanges units =
      choose_ranges(network, images, {.images = 500}, kScalarKernels)[kEncoder1];
  CHECK(units.raise[3] == doctest::Approx(0.5));  // as far as it goes
  CHECK(units.raise[4] == doctest::Approx(0.2).epsilon(0.02));
  CHECK(units.raise[5] == 0);
  // Softplus of -4 and -3.5, -0.5 and -0.3.
  CHECK(units.gain[3] == doctest::Approx(0.01815 / 0.02975).epsilon(0.01));
  CHECK(units.gain[4] == doctest::Approx(0.47408 / 0.55436).epsilon(0.01));
  CHECK(units.gain[5] == 1);
  CHECK(units.gain[6] == 1);  // it never fires
  CHECK(units.range[3] == doctest::Approx(0.02975).epsilon(0.02));
  CHECK(units.range[6] < 1e-30);  // softplus is never below the least normal number
}

TEST_CASE("ranges do not depend on the number of threads") {
  const Network network = random_network(kSize, 4);
  const auto images = wavy_images(kImages, kSize.pixels, 2);
  const auto one = choose_ranges(network, images, {.images = 300, .threads = 1}, kScalarKernels);
  const auto three = choose_ranges(network, images, {.images = 300, .threads = 3}, kScalarKernels);
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    CHECK(one[l].raise == three[l].raise);
    CHECK(one[l].gain == three[l].gain);
    CHECK(one[l].range == three[l].range);
  }
}
