#include "tools/measure/scores.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "picovae/forward.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/elbo.hpp"

using namespace picovae;
using namespace picovae::tools;

namespace {

using Values = std::vector<double>;

constexpr Dimensions kSize{70, 37, 21, 3};

}  // namespace

TEST_CASE("AUROC counts pairs, and ties half") {
  CHECK(auroc(Values{1, 2, 3}, Values{4, 5}) == 1);
  CHECK(auroc(Values{4, 5}, Values{1, 2, 3}) == 0);
  CHECK(auroc(Values{1, 1, 1}, Values{1, 1}) == 0.5);
  CHECK(auroc(Values{3, 1, 2}, Values{2, 9}) == doctest::Approx((1.5 + 3) / 6));
}

TEST_CASE("quantiles and thresholds are values of the set") {
  Values values;
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  CHECK(quantile(values, 0) == 1);
  CHECK(quantile(values, 0.01) == 1);
  CHECK(quantile(values, 0.5) == 50);
  CHECK(quantile(values, 0.991) == 100);
  CHECK(quantile(values, 1) == 100);
  CHECK(quantile(Values{7}, 0.5) == 7);
  CHECK(threshold_of(values, 0.01) == 99);  // one of a hundred is above
  CHECK(threshold_of(values, 0.1) == 90);
  CHECK(threshold_of(values, 0.001) == 100);  // none may be
  CHECK(threshold_of(values, 1) == 1);
}

TEST_CASE("an s8 model's scores are the engine's, whatever the threads") {
  constexpr std::size_t kCount = 230;
  const auto images = tests::wavy_images(kCount, kSize.pixels, 4);
  const auto blob = pack_s8(tests::random_quantized_network(kSize, 8), Layout::kHost,
                            kEncoderPart | kDecoderPart, {});
  const auto model = make_model(BlobBytes(blob), "test", select_kernels());
  const auto scores = score_images(*model, images, 1);
  const auto by_three = score_images(*model, images, 3);
  REQUIRE(scores.size() == kCount);

  DynamicVae<Integer> vae;
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  AlignedVector<std::byte> memory(arena_size<Integer>(kSize));
  for (std::size_t i = 0; i < kCount; ++i) {
    Score score{};
    REQUIRE(vae.score(images.data() + i * kSize.pixels, &score, {memory.data(), 1}) == Status::kOk);
    CHECK(scores[i].neg_elbo() * 256 == score.neg_elbo());
    CHECK(scores[i].excess() * 256 == score.excess());
    CHECK(scores[i].squares == score.squares);
    CHECK(by_three[i].neg_elbo() == scores[i].neg_elbo());
  }
}

TEST_CASE("an f32 model's scores are those of its ELBO at z = mu") {
  const auto images = tests::wavy_images(20, kSize.pixels, 4);
  const auto model = make_model(tests::random_network(kSize, 8), select_kernels());
  const auto scores = score_images(*model, images, 2);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::vector<float> x(kSize.pixels), mu(kSize.latent), logvar(kSize.latent),
        logits(kSize.pixels);
    double entropy = 0;
    for (std::size_t k = 0; k < kSize.pixels; ++k) {
      const double p = images[i * kSize.pixels + k] / 255.0;
      x[k] = static_cast<float>(p);
      if (p > 0 && p < 1) entropy += -p * std::log(p) - (1 - p) * std::log(1 - p);
    }
    model->encode(x, mu.data(), logvar.data());
    model->decode_logits(mu, logits.data());
    const double reconstruction = bernoulli_cross_entropy(logits, x);
    CHECK(scores[i].reconstruction == doctest::Approx(reconstruction).epsilon(1e-6));
    CHECK(scores[i].kl == doctest::Approx(gaussian_kl(mu, logvar)).epsilon(1e-6));
    CHECK(scores[i].entropy == doctest::Approx(entropy).epsilon(1e-9));
    CHECK(scores[i].squares > 0);
  }
}

TEST_CASE("a score that is no number is an error") {
  Network network = tests::random_network(kSize, 8);
  for (float& weight : network.decoder2.weight) weight = 3e38F;
  const auto model = make_model(network, select_kernels());
  CHECK_THROWS_AS(score_images(*model, tests::wavy_images(2, kSize.pixels, 4), 1), NotFinite);
}
