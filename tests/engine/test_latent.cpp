#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/latent.hpp"
#include "tests/engine/random_models.hpp"

using namespace picovae;

namespace {

constexpr double kLogvarUnit = 1 << kLogvarBits;
constexpr double kSigmaUnit = 1 << kSigmaBits;
constexpr double kMuUnit = 1 << kMuBits;
constexpr double kNormalUnit = 1 << kNormalBits;

double sigma(int logvar) { return std::exp(std::clamp(logvar / kLogvarUnit, -12.0, 4.0) / 2); }

double half_up(double x) { return std::floor(x + 0.5); }

// z by FORMAT.md's formula, whose numbers a double holds.
double by_format(int mu, int logvar, int eps) {
  const double noise = half_up(sigma_from_logvar(logvar) * static_cast<double>(eps) / 1024);
  return std::clamp<double>(half_up((mu + noise) / 4), -kMaxLatent, kMaxLatent);
}

}  // namespace

TEST_CASE("the table of powers is 2^(i / 64) in Q1.14, correctly rounded") {
  for (std::size_t i = 0; i < detail::kExp2Table.size(); ++i) {
    CAPTURE(i);
    CHECK(detail::kExp2Table[i] ==
          std::lround(std::ldexp(std::exp2(static_cast<double>(i) / 64), 14)));
  }
}

TEST_CASE("sigma of every logvar") {
  double beyond_half_a_unit = 0;  // relative
  double worst_where_large = 0;   // relative, sigma above 0.02
  int falls = 0;
  std::int32_t previous = 0;
  for (int logvar = -32768; logvar <= 32767; ++logvar) {
    const std::int32_t value = sigma_from_logvar(logvar);
    const double real = sigma(logvar) * kSigmaUnit;
    const double error = std::abs(value - real);
    beyond_half_a_unit = std::max(beyond_half_a_unit, (error - 0.5) / real);
    if (real > 0.02 * kSigmaUnit) worst_where_large = std::max(worst_where_large, error / real);
    if (value < previous) ++falls;
    previous = value;
  }
  // A step of log2(sigma) is 1 / 64, so half of it is 0.543 %.
  CHECK(beyond_half_a_unit < std::exp2(1.0 / 128) - 1);
  CHECK(beyond_half_a_unit > 0.005);
  CHECK(worst_where_large < 0.0108);
  CHECK(falls == 0);
  // Clamped outside of [-12, 4], which an s16 exceeds on both sides.
  CHECK(sigma_from_logvar(-32768) == sigma_from_logvar(-12 << kLogvarBits));
  CHECK(sigma_from_logvar(32767) == sigma_from_logvar(4 << kLogvarBits));
  CHECK(sigma_from_logvar(-32768) == 10);  // exp(-6) = 10.2 / 4096
  CHECK(sigma_from_logvar(0) == 1 << kSigmaBits);
}

TEST_CASE("every sigma is part of the contract") {
  std::vector<std::uint16_t> sigmas;
  for (int logvar = -32768; logvar <= 32767; ++logvar) {
    sigmas.push_back(static_cast<std::uint16_t>(sigma_from_logvar(logvar)));
  }
  // From another program that follows FORMAT.md.
  CHECK(crc32c(std::as_bytes(std::span(sigmas))) == 0x938f71ea);
}

TEST_CASE("z = mu + sigma * eps, against real arithmetic") {
  tests::Dice dice(5);
  double worst = 0;
  int clamped = 0;
  int outside = 0;
  for (int i = 0; i < 2'000'000; ++i) {
    const auto mu = static_cast<std::int16_t>(dice.between(-32768, 32767) >> dice.between(0, 12));
    const auto logvar = static_cast<std::int16_t>(dice.between(-13 * 1024, 5 * 1024));
    const auto eps = static_cast<std::int16_t>(dice.between(-4428, 4428));
    const int z = LatentMath<Integer>::reparameterize(mu, logvar, eps);
    REQUIRE(z == by_format(mu, logvar, eps));
    const double exact = (mu / kMuUnit + sigma(logvar) * eps / kNormalUnit) * kNormalUnit;
    const double real = std::clamp<double>(exact, -kMaxLatent, kMaxLatent);
    // What sigma is off by, times eps; half of a unit of Q.12 and one of Q.10.
    const double sigma_error = (0.5 / kSigmaUnit + 0.00543 * sigma(logvar)) * std::abs(eps);
    worst = std::max(worst, std::abs(z - real) - sigma_error);
    if (std::abs(z) > kMaxLatent) ++outside;
    if (std::abs(z) == kMaxLatent) ++clamped;
  }
  CHECK(worst < 0.5 + 0.125 + 0.01);
  CHECK(worst > 0.4);
  CHECK(outside == 0);
  CHECK(clamped > 10'000);
}

TEST_CASE("no noise gives mu, and every mu is rounded half up") {
  for (int mu = -32768; mu <= 32767; ++mu) {
    const auto q = static_cast<std::int16_t>(mu);
    const int expected = std::clamp(static_cast<int>(half_up(mu / 4.0)), -8191, 8191);
    REQUIRE(LatentMath<Integer>::from_mu(q) == expected);
    REQUIRE(LatentMath<Integer>::reparameterize(q, 4096, 0) == expected);
  }
}

TEST_CASE("reparameterize at its corners") {
  constexpr std::int16_t kCorners[] = {-32768, 0, 32767};
  for (const std::int16_t mu : kCorners) {
    for (const std::int16_t logvar : kCorners) {
      for (const std::int16_t eps : kCorners) {
        const double exact =
            mu / 4.0 + sigma_from_logvar(logvar) / kSigmaUnit * static_cast<double>(eps);
        const double real = std::clamp<double>(exact, -kMaxLatent, kMaxLatent);
        CHECK(std::abs(LatentMath<Integer>::reparameterize(mu, logvar, eps) - real) <= 0.625);
      }
    }
  }
}

TEST_CASE("latents from elsewhere are brought into +-8191") {
  for (int z = -32768; z <= 32767; ++z) {
    const auto q = static_cast<std::int16_t>(z);
    const int expected = std::clamp(z, -8191, 8191);
    REQUIRE(LatentMath<Integer>::bounded(q) == expected);
    REQUIRE(LatentMath<Integer>::from_normal(q) == expected);
    REQUIRE(clamp_latent(z * 1000) == std::clamp(z * 1000, -8191, 8191));
  }
}

TEST_CASE("f32 latents are the numbers themselves") {
  CHECK(LatentMath<Float>::from_normal(1024) == 1.0f);
  CHECK(LatentMath<Float>::from_normal(-4428) == -4.32421875f);
  CHECK(LatentMath<Float>::from_mu(0.1f) == 0.1f);
  CHECK(LatentMath<Float>::bounded(-100.25f) == -100.25f);
}
