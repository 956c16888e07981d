// The parts of a score: KL of every mu and logvar, and what every pixel adds with every logit.
#include <cmath>

#include "engine/src/score.cpp"
#include "tests/proofs/exhaustive.hpp"

using namespace picovae;
using proofs::require;

namespace {

void check_kl(std::int16_t logvar) {
  const double real = logvar / 1024.0;
  const double variance = std::exp(std::fmin(std::fmax(real, -12), 4));
  const double found = detail::variance_from_logvar(logvar) / 16777216.0;
  require(std::fabs(found - variance) <= 0.00026 * variance + 1e-7, "the variance", logvar);
  for (std::int32_t mu = -32768; mu <= 32767; ++mu) {
    const auto q = static_cast<std::int16_t>(mu);
    const double nats = 128 * (mu / 4096.0 * (mu / 4096.0) +
                               detail::variance_from_logvar(logvar) / 16777216.0 - 1 - real);
    const std::uint32_t kl = detail::kl_of(&q, &logvar, 1);
    require(std::fabs(kl - std::fmax(nats, 0)) <= 0.5, "KL is its formula, rounded", mu, logvar);
  }
}

void check_pixels(std::uint8_t x) {
  const double p = x / 255.0;
  const double entropy = x == 0 || x == 255 ? 0 : -p * std::log(p) - (1 - p) * std::log(1 - p);
  for (std::int32_t t = -32768; t <= 32767; ++t) {
    const auto logit = static_cast<std::int16_t>(t);
    detail::PixelSums sums;
    detail::add_pixels(&x, &logit, 1, sums);
    const std::int32_t error = x - sigmoid_u8(t, sigmoid_tail);
    require(sums.squares == static_cast<std::uint32_t>(error * error), "squares", x, t);
    require(sums.pixel_logit == std::int64_t{x} * t, "pixel times logit", x, t);
    require(std::fabs(sums.entropy - entropy * 16384) <= 0.5 + 1e-9, "the entropy", x, t);
    const double softplus =
        256 * (std::fmax(t, 0) / 128 + std::log1p(std::exp(-std::abs(t) / 128.0)));
    require(std::fabs(sums.softplus - softplus) < 0.71, "softplus", x, t);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const unsigned threads = proofs::threads_of(count, arguments);
  proofs::for_all(threads, 256,
                  [](std::uint64_t x) { check_pixels(static_cast<std::uint8_t>(x)); });
  proofs::for_all(threads, 65536, [](std::uint64_t i) {
    check_kl(static_cast<std::int16_t>(i * 40503));  // each once, all of the range soon
  });
  proofs::passed("KL, pixels", 65536.0 * 65536 + 65536.0 * 256);
}
