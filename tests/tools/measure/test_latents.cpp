// KL and activity of latents against sums over images that are written down here.
#include "tests/tools/some_images.hpp"
#include "tools/measure/latents.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/engine/random_models.hpp"
#include "tools/base/built_shape.hpp"
#include "tools/measure/model.hpp"

using namespace picovae;
using namespace picovae::tools;

TEST_CASE("KL adds up to the ELBO's, and activity is the variance of mu") {
  constexpr std::size_t kLatent = BuiltShape::kLatent;
  constexpr std::size_t kImages = 130;  // more than a part
  Network network = tests::random_network(BuiltShape::kDimensions, 3);
  const auto silence = [](DenseWeights& head, std::size_t output, float bias) {
    std::fill_n(head.weight.begin() + static_cast<std::ptrdiff_t>(output * head.in), head.in, 0.0f);
    head.bias[output] = bias;
  };
  silence(network.mu, 7, 3);  // far from the prior, but the same for every image
  silence(network.logvar, 7, 0);
  const auto model = make_model(network, select_kernels());
  const auto images = tests::some_images(kImages);
  const auto use = measure_latents(encode_images(*model, images, {.threads = 2}));
  REQUIRE(use.size() == kLatent);

  double kl = 0;
  for (const LatentUse& u : use) kl += u.kl;
  CHECK(kl == doctest::Approx(evaluate(*model, images, {}).kl));

  std::vector<float> x(images.size()), mu(kImages * kLatent), logvar(kImages * kLatent);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(images[i]) / 255.0f;
  model->encode(x, mu.data(), logvar.data());
  for (std::size_t k = 0; k < kLatent; ++k) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < kImages; ++i) {
      const double m = mu[i * kLatent + k];
      sum += m;
      squares += m * m;
    }
    CHECK(use[k].activity ==
          doctest::Approx(squares / kImages - sum * sum / kImages / kImages).epsilon(1e-6));
    CHECK(use[k].is_active() == (k != 7));
  }
  CHECK(use[7].kl == doctest::Approx(4.5));  // 3^2 / 2
}
