#include "tools/quantize/order_units.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

using SmallShape = Shape<70, 37, 21, 3>;

std::vector<float> logits(const Network& network) {
  Vae<SmallShape, Float> vae;
  const BlobBytes blob = pack_float(network);
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  const auto arena = std::make_unique<DecoderArena<SmallShape, Float>>();
  const float z[] = {0.5F, -1, 2};
  std::vector<float> result(SmallShape::kPixels);
  REQUIRE(vae.decode_logits(z, result.data(), *arena) == Status::kOk);
  return result;
}

double column_norm(const DenseWeights& layer, std::size_t k) {
  double squares = 0;
  for (std::size_t j = 0; j < layer.out; ++j) {
    squares += std::pow(layer.weight[j * layer.in + k], 2);
  }
  return std::sqrt(squares);
}

}  // namespace

TEST_CASE("ordered units compute the same, and come in descending order") {
  Network network = random_network(SmallShape::kDimensions, 1, 1.7f);
  for (std::size_t j = 0; j < network.decoder2.out; ++j) {
    network.decoder2.weight[j * network.decoder2.in + 30] *= 50;
    network.decoder2.weight[j * network.decoder2.in + 2] *= 0.01F;
  }
  const Network ordered =
      order_units(network, wavy_images(200, network.pixels, 1), {.images = 200}, kScalarKernels);
  const auto before = logits(network), after = logits(ordered);
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(after[i] == doctest::Approx(before[i]).epsilon(1e-4));
  }
  CHECK(column_norm(ordered.decoder2, 0) == column_norm(network.decoder2, 30));
  CHECK(column_norm(ordered.decoder2, 36) == column_norm(network.decoder2, 2));
  CHECK(ordered.decoder1.bias[0] == network.decoder1.bias[30]);
  CHECK(ordered.decoder0.bias != network.decoder0.bias);
  // What others name stays where it is.
  CHECK(ordered.mu.weight == network.mu.weight);
  CHECK(ordered.decoder2.bias == network.decoder2.bias);
}
