// The forms in which networks are trained: centering and rotation fold into plain weights.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "host/product.hpp"
#include "picovae/random.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/centering.hpp"
#include "tools/train/rotation.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr Dimensions kSmall{60, 35, 20, 5};
constexpr std::size_t kCount = 12;

float noise(std::size_t item) {
  std::int16_t value = 0;
  normals(4, Purpose::kUserDefined, 0, static_cast<std::uint32_t>(item), &value, 1);
  return static_cast<float>(value) / 1024;
}

std::vector<std::uint8_t> random_images() {
  std::vector<std::uint8_t> images;
  for (std::size_t i = 0; i < kCount * kSmall.pixels; ++i) {
    images.push_back(static_cast<std::uint8_t>(
        std::lround(200 * std::fabs(std::sin(static_cast<double>(i) * 0.37)))));
  }
  return images;
}

// The losses of all images by a network in a form.
std::vector<double> losses(const Network& network, const Form& form) {
  const Plan plan(kSmall);
  Backpropagation pass(plan, kCount, {}, kScalarKernels, form);
  const auto images = random_images();
  for (std::size_t i = 0; i < kCount; ++i) {
    for (std::size_t p = 0; p < kSmall.pixels; ++p) {
      pass.pixels(i)[p] = static_cast<float>(images[i * kSmall.pixels + p]) / 255;
    }
    for (std::size_t k = 0; k < kSmall.latent; ++k) pass.noise(i, 0)[k] = noise(i * 50 + k);
  }
  pass.forward(Parameters(plan, network), 0, kCount, kCount);
  pass.backward(Parameters(plan, network), 0, kCount, kCount);
  std::vector<double> result;
  for (std::size_t i = 0; i < kCount; ++i) {
    result.push_back(pass.loss(i).reconstruction);
    result.push_back(pass.loss(i).kl);
  }
  return result;
}

TEST_CASE("a folded network computes what the centered one does") {
  const Centering centering = centering_of(random_images(), kSmall.pixels, PixelMode::kGray);
  Network network = initial_network(kSmall, 3);
  start_at_mean(centering, network);
  const auto expected = losses(network, {.centering = &centering});
  const auto other = losses(network, {});
  fold(centering, network);
  const auto folded = losses(network, {});
  for (std::size_t i = 0; i < folded.size(); ++i) {
    CHECK(std::fabs(folded[i] - expected[i]) < 1e-5 * expected[i]);
    CHECK(std::fabs(other[i] - expected[i]) > 1e-3 * expected[i]);
  }
}

TEST_CASE("so does one of ReLU") {
  const Centering centering =
      centering_of(random_images(), kSmall.pixels, PixelMode::kGray, Activation::kRelu);
  CHECK(centering.hidden == 0.4f);
  Network network = initial_network(kSmall, 3, Activation::kRelu);
  start_at_mean(centering, network);
  const auto expected = losses(network, {.activation = Activation::kRelu, .centering = &centering});
  fold(centering, network);
  const auto folded = losses(network, {.activation = Activation::kRelu});
  const auto softplus = losses(network, {});
  for (std::size_t i = 0; i < folded.size(); ++i) {
    CHECK(std::fabs(folded[i] - expected[i]) < 1e-5 * expected[i]);
    CHECK(std::fabs(softplus[i] - expected[i]) > 1e-3 * expected[i]);
  }
}

TEST_CASE("the plain form folds into itself") {
  Network network = initial_network(kSmall, 3);
  const Network before = network;
  fold(no_centering(kSmall.pixels), network);
  for (const NetworkLayer& layer : kNetworkLayers) {
    CHECK((network.*layer.weights).weight == (before.*layer.weights).weight);
    CHECK((network.*layer.weights).bias == (before.*layer.weights).bias);
  }
}

TEST_CASE("centering takes the mean of the pixels, as the mode has it") {
  const std::vector<std::uint8_t> images{0, 51, 255, 0, 153, 255};
  const Centering gray = centering_of(images, 3, PixelMode::kGray);
  CHECK(gray.pixel_mean.data()[1] == doctest::Approx(0.4));
  CHECK(centering_of(images, 3, PixelMode::kStochastic).pixel_mean.data()[1] ==
        doctest::Approx(0.4));
  CHECK(centering_of(images, 3, PixelMode::kBinary).pixel_mean.data()[1] == doctest::Approx(0.5));
  Network network = initial_network({3, 4, 4, 2}, 1);
  start_at_mean(gray, network);
  CHECK(network.decoder2.bias[0] == doctest::Approx(std::log(0.001 / 0.999)));
  CHECK(network.decoder2.bias[1] == doctest::Approx(std::log(0.4 / 0.6)));
  CHECK(network.decoder2.bias[2] == doctest::Approx(-std::log(0.001 / 0.999)));
}

class Rotated {
 public:
  static constexpr std::size_t kIn = 20, kStride = 32, kRows = 50, kWidth = 16;

  Rotated() : rotation(kIn), change(rotation) {}

  // A minibatch of correlated inputs, and the rotation that it makes.
  void renew_after(std::size_t batch) {
    AlignedFloats h(kRows * kStride);
    for (std::size_t row = 0; row < kRows; ++row) {
      const float common = noise(batch * 9000 + row * 100);
      for (std::size_t i = 0; i < kIn; ++i) {
        h.data()[row * kStride + i] = common + (0.1f + 0.1f * static_cast<float>(i)) *
                                                   noise(batch * 9000 + row * 100 + i + 1);
      }
    }
    AlignedFloats scratch(kIn * kStride);
    observe(rotation, h.data(), kStride, kRows, 0, 7, product, scratch.data());
    observe(rotation, h.data(), kStride, kRows, 7, kIn, product, scratch.data());
    rotation.observed = true;
    renew(rotation, change, product);
  }

  AlignedFloats mixed(const AlignedFloats& by, const AlignedFloats& values) const {
    AlignedFloats to(values.size());
    mix_rows(rotation, by, values.data(), kWidth, 0, 5, product, to.data());
    mix_rows(rotation, by, values.data(), kWidth, 5, kIn, product, to.data() + 5 * kWidth);
    return to;
  }

  ProductFn product = product_for(Isa::kScalar);
  Rotation rotation;
  RotationChange change;
};

AlignedFloats random_rows() {
  AlignedFloats values(Rotated::kIn * Rotated::kWidth);
  for (std::size_t i = 0; i < values.size(); ++i) values.data()[i] = noise(70'000 + i);
  return values;
}

double largest_difference(const AlignedFloats& a, const AlignedFloats& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(a.data()[i]) - b.data()[i]));
  }
  return largest;
}

TEST_CASE("B W' stays what it is, and mean gradients stay those of W'") {
  Rotated r;
  const AlignedFloats weight = random_rows();    // W
  const AlignedFloats gradient = random_rows();  // dL / dW
  AlignedFloats inner = weight;                  // W'
  AlignedFloats mean = gradient;                 // dL / dW' = B^T dL / dW
  CHECK_FALSE(r.rotation.active());
  for (std::size_t batch = 0; batch < 4; ++batch) {
    r.renew_after(batch);
    CHECK(r.rotation.active());
    inner = r.mixed(r.change.weight, inner);
    mean = r.mixed(r.change.mean, mean);
    CHECK(largest_difference(r.mixed(r.rotation.matrix, inner), weight) < 1e-5);
    CHECK(largest_difference(r.mixed(r.rotation.transposed, gradient), mean) < 1e-5);
    CHECK(largest_difference(inner, weight) > 0.1);
  }
  for (std::size_t i = 0; i < Rotated::kIn; ++i) {  // squares as of independent gradients
    for (std::size_t j = 0; j < Rotated::kIn; ++j) {
      const float m = r.change.mean.data()[i * Rotated::kStride + j];
      CHECK(r.change.square.data()[i * Rotated::kStride + j] == m * m);
    }
  }
}

TEST_CASE("rotated inputs are uncorrelated, their spread smaller, their total variance the same") {
  Rotated r;
  r.renew_after(0);
  const auto at = [](const AlignedFloats& m, std::size_t i, std::size_t j) {
    return static_cast<double>(m.data()[i * Rotated::kStride + j]);
  };
  double before = 0, after = 0, least = 1e9, most = 0;
  double least_variance = 1e9, most_variance = 0;  // along the axes
  for (std::size_t a = 0; a < Rotated::kIn; ++a) {
    before += at(r.rotation.second_moment, a, a);
    for (std::size_t b = 0; b < Rotated::kIn; ++b) {
      double moment = 0;  // (B^T C B)[a][b]
      for (std::size_t i = 0; i < Rotated::kIn; ++i) {
        for (std::size_t j = 0; j < Rotated::kIn; ++j) {
          moment += at(r.rotation.matrix, i, a) * at(r.rotation.second_moment, i, j) *
                    at(r.rotation.matrix, j, b);
        }
      }
      if (a != b) CHECK(std::fabs(moment) < 1e-5);
      if (a == b) {
        after += moment;
        least = std::min(least, moment);
        most = std::max(most, moment);
        const double variance = moment / std::pow(r.rotation.scales[a], 2);
        least_variance = std::min(least_variance, variance);
        most_variance = std::max(most_variance, variance);
      }
    }
  }
  CHECK(after == doctest::Approx(before).epsilon(1e-5));
  CHECK(most_variance / least_variance > 500);
  CHECK(most / least < 2.5 * std::sqrt(most_variance / least_variance));  // but for the damping
}

TEST_CASE("the second moment is a running mean") {
  Rotation rotation(3);
  AlignedFloats h(2 * 16), scratch(3 * 16);
  const auto observe_value = [&](float value) {
    h.data()[1] = h.data()[17] = value;
    observe(rotation, h.data(), 16, 2, 0, 3, product_for(Isa::kScalar), scratch.data());
    rotation.observed = true;
    return rotation.second_moment.data()[17];
  };
  CHECK(observe_value(2) == 4);
  CHECK(observe_value(4) == doctest::Approx(4 + 0.05 * 12));
  CHECK(rotation.second_moment.data()[0] == 0);
}

}  // namespace
