// Between the encoder and the decoder: sigma, the reparameterization trick (Kingma and Welling
// 2013, equation 10) and the prior, in both arithmetics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "picovae/arena.hpp"
#include "picovae/ranges.hpp"
#include "picovae/standard.hpp"

namespace picovae {

// Fixed-point formats of the integer path: real = q / 2^bits.
inline constexpr int kMuBits = 12;      // s16 Q3.12
inline constexpr int kLogvarBits = 10;  // s16 Q5.10
inline constexpr int kNormalBits = 10;  // s16 Q3.10, also z
inline constexpr int kLogitBits = 7;    // s16 Q8.7
inline constexpr int kSigmaBits = 12;   // u16 Q4.12

namespace detail {
// 2^(i / 64) in Q1.14, i = 0..63, correctly rounded.
PICOVAE_CONSTEVAL std::array<std::uint16_t, 64> make_exp2_table() {
  std::array<std::uint16_t, 64> table{};
  const double step = 1.0108892860517004600;  // 2^(1/64)
  double value = 16384.0;
  for (auto& entry : table) {
    entry = static_cast<std::uint16_t>(value + 0.5);
    value *= step;
  }
  return table;
}
inline constexpr auto kExp2Table = make_exp2_table();
}  // namespace detail

// exp(logvar / 2) in Q4.12 for logvar in Q5.10, which is clamped to [-12, 4]. Off by at most 0.543
// % (half a step of log2) and half a unit: 1.1 % if sigma is above 0.02.
constexpr std::int32_t sigma_from_logvar(std::int32_t logvar) {
  constexpr std::int32_t kLowest = -12 * (1 << kLogvarBits);
  constexpr std::int32_t kHighest = 4 << kLogvarBits;
  if (logvar < kLowest) logvar = kLowest;
  if (logvar > kHighest) logvar = kHighest;
  constexpr std::int32_t kHalfLog2e = 47274;  // log2(e) / 2 * 2^6 / 2^10 in Q.20
  const std::int32_t exponent = (logvar * kHalfLog2e + (1 << 19)) >> 20;  // log2(sigma) in Q.6
  const std::int32_t mantissa = detail::kExp2Table[static_cast<std::size_t>(exponent & 63)];
  const std::int32_t shift = 14 - kSigmaBits - (exponent >> 6);  // 0 .. 11
  return shift > 0 ? (mantissa + (1 << (shift - 1))) >> shift : mantissa;
}

constexpr std::int16_t clamp_latent(std::int32_t z) {
  return static_cast<std::int16_t>(lesser(greater(z, -kMaxLatent), kMaxLatent));
}

// The functions that the two arithmetics do differently. eps is Q3.10 in both.
template <typename A>
struct LatentMath;

template <>
struct LatentMath<Integer> {
  static constexpr std::int16_t from_normal(std::int16_t eps) { return clamp_latent(eps); }
  static constexpr std::int16_t from_mu(std::int16_t mu) { return clamp_latent((mu + 2) >> 2); }
  static constexpr std::int16_t bounded(std::int16_t z) { return clamp_latent(z); }
  static constexpr std::int16_t reparameterize(std::int16_t mu, std::int16_t logvar,
                                               std::int16_t eps) {
    const std::int32_t noise = (sigma_from_logvar(logvar) * eps + (1 << 9)) >> 10;  // Q.12
    return clamp_latent((mu + noise + 2) >> 2);
  }
};

// exp(logvar / 2) is the caller's: the engine has no libm.
template <>
struct LatentMath<Float> {
  static constexpr float from_normal(std::int16_t eps) {
    return static_cast<float>(eps) / (1 << kNormalBits);
  }
  static constexpr float from_mu(float mu) { return mu; }
  static constexpr float bounded(float z) { return z; }
};

}  // namespace picovae
