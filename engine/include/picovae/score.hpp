// Is this normal? What an image costs under the model, in integers: the same bits on every target.
//
//   picovae::Score score;
//   vae.score(pixels, &score, arena);
//   if (score.excess() > threshold) ...  // in 1/256 nat
//
// All at z = mu (Kingma and Welling 2013, equation 10, without the noise). FORMAT.md, "The score",
// has the arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>

namespace picovae {

inline constexpr int kScoreBits = 8;  // nats in Q.8

// What tells the abnormal. Numbers are those of picovae_figure.
enum class Figure : std::uint8_t { kExcess, kNegElbo, kSquares };
inline constexpr std::size_t kFigureCount = 3;

struct Score {
  std::uint32_t reconstruction;  // -log p(x | z), nats in Q.8
  std::uint32_t kl;              // of the posterior from the prior, nats in Q.8
  std::uint32_t entropy;         // of the gray image itself: the least that reconstruction can be
  std::uint32_t squares;         // sum of (pixel - its reconstruction)^2, pixels 0..255

  // What is compared with a threshold. Which one tells better depends on what is abnormal: the
  // excess does not mind how gray an image is, so that it misses images that are merely dim.
  constexpr std::uint32_t neg_elbo() const { return reconstruction + kl; }
  constexpr std::uint32_t excess() const {
    return reconstruction > entropy ? reconstruction - entropy + kl : kl;
  }

  constexpr std::uint32_t of(Figure figure) const {
    return figure == Figure::kExcess ? excess() : figure == Figure::kNegElbo ? neg_elbo() : squares;
  }

  friend constexpr bool operator==(const Score& a, const Score& b) {
    return a.reconstruction == b.reconstruction && a.kl == b.kl && a.entropy == b.entropy &&
           a.squares == b.squares;
  }
};

namespace detail {

// Of an image, over pixels that come in any number of parts.
struct PixelSums {
  std::int64_t pixel_logit = 0;  // of x * logit, Q.7
  std::uint32_t softplus = 0;    // of log(1 + exp(logit)), Q.8
  std::uint32_t entropy = 0;     // Q.14
  std::uint32_t squares = 0;
};

// Logits at a time, so that sums of 32 bits hold: 224 * 255 * 32767 < 2^31. Whole panels of every
// layout.
inline constexpr std::size_t kScoreColumns = 224;

// Adds pixels.
//   x       [count] u8
//   logits  [count] s16 Q8.7
void add_pixels(const std::uint8_t* x, const std::int16_t* logits, std::size_t count,
                PixelSums& sums);

// KL of the posterior from N(0, I), nats in Q.8.
//   mu, logvar  [latent], Q3.12 and Q5.10
std::uint32_t kl_of(const std::int16_t* mu, const std::int16_t* logvar, std::size_t latent);

Score score_of(const PixelSums& sums, std::uint32_t kl);

}  // namespace detail
}  // namespace picovae
