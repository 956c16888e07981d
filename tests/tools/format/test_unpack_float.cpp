#include "tools/format/unpack_float.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

#include "picovae/blob.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

// No width is a multiple of any padding, and hidden1 and pixels need several panels.
constexpr Dimensions kSize{70, 37, 21, 3};

Network unpacked(const BlobBytes& blob) {
  BlobView view;
  REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
  return unpack_float(view);
}

}  // namespace

TEST_CASE("an f32 blob holds its network") {
  Network network = random_network(kSize, 2);
  network.columns = 10;
  const Network found = unpacked(pack_float(network));
  CHECK(found.sizes() == network.sizes());
  CHECK(found.columns == 10);
  for (const NetworkLayer& layer : kNetworkLayers) {
    CAPTURE(layer.name);
    const DenseWeights& wanted = network.*layer.weights;
    const DenseWeights& weights = found.*layer.weights;
    CHECK(weights.in == wanted.in);
    CHECK(weights.out == wanted.out);
    CHECK(weights.weight == wanted.weight);
    CHECK(weights.bias == wanted.bias);
  }
}

TEST_CASE("weights of 16 bits become the f32 values that they are") {
  const Network network = random_network(kSize, 3);
  for (const Type type : {Type::kF16, Type::kBf16}) {
    CAPTURE(static_cast<int>(type));
    const Network found = unpacked(pack_float(network, type));
    const double step = type == Type::kF16 ? 0x1p-11 : 0x1p-8;  // of a rounding, relative
    std::size_t changed = 0;
    for (const NetworkLayer& layer : kNetworkLayers) {
      const DenseWeights& wanted = network.*layer.weights;
      const DenseWeights& weights = found.*layer.weights;
      REQUIRE(weights.weight.size() == wanted.weight.size());
      for (std::size_t i = 0; i < wanted.weight.size(); ++i) {
        CHECK(weights.weight[i] == doctest::Approx(wanted.weight[i]).epsilon(step));
        if (weights.weight[i] != wanted.weight[i]) ++changed;
      }
      CHECK(weights.bias == wanted.bias);
    }
    CHECK(changed > 1000);
    // Rounded once: packed again they are the same.
    const BlobBytes once = pack_float(network, type);
    const BlobBytes again = pack_float(found, type);
    CHECK(std::equal(once.bytes().begin(), once.bytes().end(), again.bytes().begin(),
                     again.bytes().end()));
  }
}
