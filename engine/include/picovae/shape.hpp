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
// A hidden2 of 0 is a model of one hidden layer: 784, 400, 0, 20 lacks the layers between the two,
// and is written as 784-400-20.
struct Dimensions {
  std::uint16_t pixels, hidden1, hidden2, latent;

  // The width of the hidden layer beside the latents.
  constexpr std::uint16_t inner() const { return hidden2 != 0 ? hidden2 : hidden1; }
  friend constexpr bool operator==(const Dimensions& a, const Dimensions& b) {
    return a.pixels == b.pixels && a.hidden1 == b.hidden1 && a.hidden2 == b.hidden2 &&
           a.latent == b.latent;
  }
  friend constexpr bool operator!=(const Dimensions& a, const Dimensions& b) { return !(a == b); }
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

// The one table of layers. A layer that is not there has neither inputs nor outputs.
constexpr std::array<LayerSize, kLayerCount> layer_sizes(Dimensions d) {
  const auto heads = static_cast<std::uint16_t>(2 * d.latent);
  const auto outer = static_cast<std::uint16_t>(d.hidden2 != 0 ? d.hidden1 : 0);
  return {{{d.pixels, d.hidden1},
           {outer, d.hidden2},
           {d.inner(), heads},
           {d.latent, d.inner()},
           {d.hidden2, outer},
           {d.hidden1, d.pixels}}};
}

// Whether a model of these dimensions has the layer.
constexpr bool has_layer(Dimensions d, std::size_t layer) {
  return d.hidden2 != 0 || (layer != kEncoder1 && layer != kDecoder1);
}

// The layer that takes the outputs of a hidden one, and the one whose outputs such a layer takes.
constexpr std::size_t layer_after(Dimensions d, std::size_t layer) {
  return has_layer(d, layer + 1) ? layer + 1 : layer + 2;
}
constexpr std::size_t layer_before(Dimensions d, std::size_t layer) {
  return has_layer(d, layer - 1) ? layer - 1 : layer - 2;
}

// A layer's width may be at most this: it bounds every index and, with 7-bit activations and 8-bit
// weights, every s32 sum (FORMAT.md, "Ranges").
inline constexpr std::size_t kMaxWidth = 4096;

// Shape<784, 300, 300, 50>, or Shape<784, 400, 20> of one hidden layer.
template <int Pixels, int Hidden1, int Third, int Fourth = 0>
struct Shape {
  static constexpr std::size_t kPixels = Pixels;
  static constexpr std::size_t kHidden1 = Hidden1;
  static constexpr std::size_t kHidden2 = Fourth != 0 ? Third : 0;
  static constexpr std::size_t kLatent = Fourth != 0 ? Fourth : Third;
  static_assert(Pixels > 0 && Hidden1 > 0 && Third > 0 && Fourth >= 0);
  static_assert(kPixels <= kMaxWidth && kHidden1 <= kMaxWidth && kHidden2 <= kMaxWidth &&
                2 * kLatent <= kMaxWidth);

  static constexpr Dimensions kDimensions{kPixels, kHidden1, kHidden2, kLatent};
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
