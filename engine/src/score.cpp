// The sums of a score, and the tables that they read.
#include "picovae/score.hpp"
#include "picovae/standard.hpp"

#include <array>

#include "picovae/latent.hpp"
#include "requantize.hpp"

namespace picovae::detail {
namespace {

// Both tails of a = |logit|: log(1 + exp(-a)) in Q.8 in the lower byte, 255 / (1 + exp(a)) in the
// upper one. A table, because a pixel has 20 instructions on an M4.
PICOVAE_CONSTEVAL std::array<std::uint16_t, kTailEnd + 1> make_tails() {
  std::array<std::uint16_t, kTailEnd + 1> tails{};
  for (std::int32_t a = 0; a <= kTailEnd; ++a) {
    tails[static_cast<std::size_t>(a)] =
        static_cast<std::uint16_t>(softplus_tail(a) | sigmoid_tail(a) << 8);
  }
  return tails;
}
constexpr auto kTails = make_tails();

// log(v), 0 < v <= 1, by the series of atanh about the nearest power of two.
PICOVAE_CONSTEVAL double logarithm(double v) {
  constexpr double kLog2 = 0.693147180559945309417;
  double result = 0;
  while (v < 0.75) {
    v *= 2;
    result -= kLog2;
  }
  const double t = (v - 1) / (v + 1);
  double power = t;
  for (int i = 1; i < 60; i += 2) {
    result += 2 * power / i;
    power *= t * t;
  }
  return result;
}

// Entropy of a pixel that is lit with probability x / 255, nats in Q.14.
PICOVAE_CONSTEVAL std::array<std::uint16_t, 256> make_entropies() {
  std::array<std::uint16_t, 256> entropies{};
  for (std::size_t x = 1; x < 255; ++x) {
    const double p = static_cast<double>(x) / 255;
    const double nats = -p * logarithm(p) - (1 - p) * logarithm(1 - p);
    entropies[x] = static_cast<std::uint16_t>(nats * (1 << 14) + 0.5);
  }
  return entropies;
}
constexpr auto kEntropies = make_entropies();

// exp(logvar) in Q.24 for logvar in Q5.10, which is clamped to [-12, 4]: closer than the square of
// sigma_from_logvar, whose steps would show in the sum over latents that all are near 0.
std::int32_t variance_from_logvar(std::int32_t logvar) {
  logvar = logvar < -12 * 1024 ? -12 * 1024 : logvar > 4 * 1024 ? 4 * 1024 : logvar;
  constexpr std::int32_t kLog2e = 94'549;                             // log2(e) 2^2 in Q.14
  const std::int32_t exponent = (logvar * kLog2e + (1 << 13)) >> 14;  // log2(variance) in Q.12
  const auto index = static_cast<std::size_t>(exponent >> 6 & 63);
  const std::int32_t low = kExp2Table[index];
  const std::int32_t high = index == 63 ? 2 * kExp2Table[0] : kExp2Table[index + 1];
  const std::int32_t mantissa = 64 * low + (high - low) * (exponent & 63);  // Q.20
  const std::int32_t shift = 4 + (exponent >> 12);
  return shift >= 0 ? mantissa << shift : (mantissa + (1 << (-shift - 1))) >> -shift;
}

// Adds at most kScoreColumns pixels.
void add_part(const std::uint8_t* x, const std::int16_t* logits, std::size_t count,
              PixelSums& sums) {
  std::int32_t pixel_logit = 0;
  std::uint32_t softplus = 0, entropy = 0, squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t pixel = x[i];
    const std::int32_t logit = logits[i];
    const std::uint32_t tails = kTails[static_cast<std::size_t>(tail_argument(logit))];
    const auto tail = static_cast<std::int32_t>(tails >> 8);
    const std::int32_t error = pixel - (logit < 0 ? tail : 255 - tail);
    pixel_logit += pixel * logit;
    softplus += 2 * static_cast<std::uint32_t>(logit < 0 ? 0 : logit) + (tails & 0xff);
    entropy += kEntropies[static_cast<std::size_t>(pixel)];
    squares += static_cast<std::uint32_t>(error * error);
  }
  sums.pixel_logit += pixel_logit;
  sums.softplus += softplus;
  sums.entropy += entropy;
  sums.squares += squares;
}

}  // namespace

void add_pixels(const std::uint8_t* x, const std::int16_t* logits, std::size_t count,
                PixelSums& sums) {
  while (count > kScoreColumns) {
    add_part(x, logits, kScoreColumns, sums);
    x += kScoreColumns;
    logits += kScoreColumns;
    count -= kScoreColumns;
  }
  add_part(x, logits, count, sums);
}

std::uint32_t kl_of(const std::int16_t* mu, const std::int16_t* logvar, std::size_t latent) {
  std::int64_t twice = 0;  // Q.24
#if defined(__clang__)
#pragma clang loop vectorize(disable)  // clang 14 for Helium crashes over sums of 64 bits
#endif
  for (std::size_t i = 0; i < latent; ++i) {
    twice += mu[i] * mu[i] + variance_from_logvar(logvar[i]) - (1 << 24) -
             logvar[i] * (1 << (24 - kLogvarBits));
  }
  const std::int64_t nats = (twice + (1 << 16)) >> 17;
  return nats > 0 ? static_cast<std::uint32_t>(nats) : 0;
}

Score score_of(const PixelSums& sums, std::uint32_t kl) {
  constexpr std::int64_t kTwoOf255 = 8'421'505;  // 2 / 255 in Q.30
  const std::int64_t lit = (sums.pixel_logit * kTwoOf255 + (1 << 29)) >> 30;
  const std::int64_t reconstruction = std::int64_t{sums.softplus} - lit;
  return {reconstruction > 0 ? static_cast<std::uint32_t>(reconstruction) : 0, kl,
          (sums.entropy + (1 << 5)) >> 6, sums.squares};
}

}  // namespace picovae::detail
