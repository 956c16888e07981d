// The network's shape as a type: every size is a constant, and a layer exists in one table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// Of functions whose frame a board saves, or which fold where an argument is a constant. Coverage
// counts every copy apart, so that its build defines this as plain `inline`.
#if !defined(PICOVAE_FOLDED)
#define PICOVAE_FOLDED [[gnu::always_inline]] inline
#endif

namespace picovae {

// Smallest multiple of `unit` that is not below `n`.
constexpr std::size_t round_up(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

// The four numbers that name a model: 784, 300, 300, 50 reads
//   encoder  pixels -> hidden1 -> hidden2 -> (mu, logvar)
//   decoder  latent -> hidden2 -> hidden1 -> pixels
struct Dimensions {
  std::uint16_t pixels, hidden1, hidden2, latent;
  friend constexpr bool operator==(const Dimensions&, const Dimensions&) = default;
};

// Layers in order of use; also their index in blobs and tables.
enum Layer : std::uint8_t {
  kEncoder0,      // pixels  -> hidden1, softplus
  kEncoder1,      // hidden1 -> hidden2, softplus
  kEncoderHeads,  // hidden2 -> 2 * latent: mu, then logvar
  kDecoder0,      // latent  -> hidden2, softplus
  kDecoder1,      // hidden2 -> hidden1, softplus
  kDecoder2,      // hidden1 -> pixels: logits, or pixels through the sigmoid
  kLayerCount
};

struct LayerSize {
  std::uint16_t in, out;
};

// The one table of layers.
constexpr std::array<LayerSize, kLayerCount> layer_sizes(Dimensions d) {
  const auto heads = static_cast<std::uint16_t>(2 * d.latent);
  return {{{d.pixels, d.hidden1},
           {d.hidden1, d.hidden2},
           {d.hidden2, heads},
           {d.latent, d.hidden2},
           {d.hidden2, d.hidden1},
           {d.hidden1, d.pixels}}};
}

// A layer's width may be at most this: it bounds every index and, with 7-bit activations and 8-bit
// weights, every s32 sum (FORMAT.md, "Ranges").
inline constexpr std::size_t kMaxWidth = 4096;

template <int Pixels, int Hidden1, int Hidden2, int Latent>
struct Shape {
  static_assert(Pixels > 0 && Hidden1 > 0 && Hidden2 > 0 && Latent > 0);
  static_assert(Pixels <= int{kMaxWidth} && Hidden1 <= int{kMaxWidth} &&
                Hidden2 <= int{kMaxWidth} && 2 * Latent <= int{kMaxWidth});

  static constexpr std::size_t kPixels = Pixels;
  static constexpr std::size_t kHidden1 = Hidden1;
  static constexpr std::size_t kHidden2 = Hidden2;
  static constexpr std::size_t kLatent = Latent;
  static constexpr Dimensions kDimensions{Pixels, Hidden1, Hidden2, Latent};
  static constexpr auto kLayers = layer_sizes(kDimensions);

  // Of a model that was opened as this shape.
  template <typename Header>
  static constexpr Dimensions dimensions(const Header&) {
    return kDimensions;
  }
};

// The deck's model: 28 x 28 pixels, two hidden layers of 300, 50 latents.
using MnistShape = Shape<784, 300, 300, 50>;

}  // namespace picovae
