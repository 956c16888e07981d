#include "tools/measure/projection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/base/error.hpp"

using namespace picovae::tools;
using picovae::tests::contains;
using picovae::tests::message_of;

namespace {

// Latent 0 is dead; 1 varies most and says nothing; 2 and 3 hold the label, each with half of it.
Codes example(std::vector<std::uint8_t>& labels) {
  Codes codes{900, 4, {}, std::vector<float>(900 * 4)};
  labels.clear();
  for (std::size_t i = 0; i < codes.count; ++i) {
    const auto label = static_cast<std::uint8_t>(i % 3);
    const auto wave = [&](std::size_t speed) { return std::sin(static_cast<float>(i * speed)); };
    labels.push_back(label);
    codes.mu.insert(codes.mu.end(),
                    {0.001F * wave(7), 3 * wave(11), (label == 1 ? 1.0F : 0.0F) + 0.1F * wave(13),
                     (label == 2 ? 1.0F : 0.0F) + 0.1F * wave(17)});
  }
  return codes;
}

}  // namespace

TEST_CASE("active latents come in the order of their activity") {
  std::vector<std::uint8_t> labels;
  const Codes codes = example(labels);
  const auto active = active_latents(codes);
  REQUIRE(active.size() == 3);
  CHECK(active[0] == 1);
}

TEST_CASE("the plane parts labels, however much else varies") {
  std::vector<std::uint8_t> labels;
  const Codes codes = example(labels);
  const auto points = project_codes(codes, labels);
  REQUIRE(points.size() == labels.size());
  double mean[3][2] = {}, variance[2] = {};
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t axis = 0; axis < 2; ++axis) mean[labels[i]][axis] += points[i][axis] / 300;
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      variance[axis] += std::pow(points[i][axis] - mean[labels[i]][axis], 2) / 900;
    }
  }
  for (const double v : variance) CHECK(v == doctest::Approx(1).epsilon(0.01));
  for (const auto& [a, b] : {std::array{0, 1}, std::array{0, 2}, std::array{1, 2}}) {
    CHECK(std::hypot(mean[a][0] - mean[b][0], mean[a][1] - mean[b][1]) > 8);  // deviations apart
  }
}

TEST_CASE("one label, or one image a label, is a plane too") {
  std::vector<std::uint8_t> labels;
  Codes codes = example(labels);
  std::fill(labels.begin(), labels.end(), std::uint8_t{4});
  for (const auto& point : project_codes(codes, labels)) {
    CHECK(std::isfinite(point[0]));
    CHECK(std::isfinite(point[1]));
  }
  codes.count = 200;
  codes.mu.resize(800);
  codes.logvar.resize(800);
  for (std::size_t i = 0; i < 200; ++i) labels[i] = static_cast<std::uint8_t>(i);
  for (const auto& point : project_codes(codes, labels)) CHECK(std::isfinite(point[0] + point[1]));
}

TEST_CASE("a plane needs two active latents") {
  std::vector<std::uint8_t> labels;
  Codes codes = example(labels);
  for (std::size_t i = 0; i < codes.count; ++i) {
    codes.mu[4 * i + 2] = codes.mu[4 * i + 3] = 0;
  }
  CHECK(contains(message_of([&] { project_codes(codes, labels); }), "1 of the model's latents is"));
}
