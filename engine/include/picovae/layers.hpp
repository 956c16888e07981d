// Rows through the layers of a model: what a call of Forward does once it may run. Which layers a
// part of a model has, and where their inputs and outputs lie in an arena, is known here alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/arena.hpp"
#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "picovae/latent.hpp"
#include "picovae/layer_call.hpp"
#include "picovae/layout.hpp"
#include "picovae/live.hpp"
#include "picovae/s4.hpp"
#include "picovae/score.hpp"
#include "picovae/shape.hpp"

namespace picovae::detail {

// Where the hidden layers of a decoder write their rows: the first behind the z at the start of its
// arena, the second, if there is one, behind the first.
template <typename A>
PICOVAE_FOLDED Rows<typename A::Hidden> first_hidden(const Dimensions& d, std::byte* arena,
                                                     std::size_t count) {
  const auto z = Rows<typename A::Latent>::at(arena, d.latent);
  return Rows<typename A::Hidden>::at(z.end(count), d.inner());
}
template <typename Hidden>
PICOVAE_FOLDED Rows<Hidden> second_hidden(const Dimensions& d, Rows<Hidden> first,
                                          std::size_t count) {
  return Rows<Hidden>::at(first.end(count), d.hidden1);
}

// The layers of an open model, in arithmetic A, of the sizes that S::dimensions(header) gives.
// Nothing is checked: arenas are aligned and have room for `count` rows, the model has the part.
template <typename A, typename S, typename Run>
struct Layers {
  using Pixel = typename A::Pixel;
  using Hidden = typename A::Hidden;
  using Latent = typename A::Latent;
  using Logit = typename A::Logit;

  BlobView view;
  DenseFn dense = nullptr;
  [[no_unique_address]] Run call;

  Dimensions dimensions() const { return S::dimensions(*view.header); }

  // x -> mu and logvar, in an encoder's arena.
  Rows<Latent> encode(const Pixel* x, std::byte* arena, std::size_t count) const {
    return Rows<Latent>::at(run_encoder(x, arena, count), 2 * std::size_t{dimensions().latent});
  }

  // x -> mu and logvar, and z = mu at the start of the decoder's arena.
  Rows<Latent> encode_means(const Pixel* x, std::byte* encoder, std::byte* decoder,
                            std::size_t count) const {
    const Rows<Latent> heads = encode(x, encoder, count);
    const std::size_t latent = dimensions().latent;
    const auto z = Rows<Latent>::at(decoder, latent);
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t i = 0; i < latent; ++i) {
        z.row(row)[i] = LatentMath<A>::from_mu(heads.row(row)[i]);
      }
    }
    return heads;
  }

  // z, at the start of a decoder's arena, -> out.
  template <typename Out>
  void decode(Activation output, std::byte* arena, Out* out, std::size_t count) const {
    const auto hidden1 = run_hidden(arena, count);
    Dense last = view.layers[kDecoder2];
    last.activation = output;
    const std::size_t pixels = dimensions().pixels;
    run(last, hidden1, Rows<Out>{out, pixels}, count);
    if constexpr (A::kIsInteger) {
      if (view.outputs.all()) return;
      for (std::size_t row = 0; row < count; ++row) {
        spread_live(view.outputs, out + row * pixels, pixels, last.out);
      }
    }
  }

  // x -> scores, in an arena of both parts.
  void score(const Pixel* x, Score* scores, DynamicArena arena, std::size_t count) const {
    std::byte* decoder = decoder_part(arena, count);
    const Rows<Latent> heads = encode_means(x, arena.bytes, decoder, count);
    const std::size_t latent = dimensions().latent;
    for (std::size_t row = 0; row < count; ++row) {
      scores[row].kl = kl_of(heads.row(row), heads.row(row) + latent, latent);
    }
    score_logits(x, scores, run_hidden(decoder, count), arena.bytes, decoder, count);
  }

  // The decoder's part of an arena of arena_size.
  std::byte* decoder_part(DynamicArena arena, std::size_t count) const {
    return arena.bytes + count * encoder_arena_size<A>(dimensions());
  }

 private:
  template <typename X, typename Out>
  void run(const Dense& layer, Rows<X> x, Rows<Out> y, std::size_t count) const {
    call({dense, view.header->type, layer, x.data, x.stride, y.data, y.stride, count});
  }

  std::byte* run_encoder(const Pixel* x, std::byte* arena, std::size_t count) const {
    const Dimensions d = dimensions();
    // Kernels do not write x. (A pointer to const would want another instance of run.)
    Rows<Pixel> input{const_cast<Pixel*>(x), d.pixels};
    if constexpr (A::kIsInteger) {
      input = Rows<Pixel>::at(arena, d.pixels);
      arena = input.end(count);
      for (std::size_t row = 0; row < count; ++row) {
        halve_pixels(x + row * d.pixels, input.row(row));
      }
    }
    auto hidden = Rows<Hidden>::at(arena, d.hidden1);
    run(view.layers[kEncoder0], input, hidden, count);
    if (d.hidden2 != 0) {
      const auto hidden2 = Rows<Hidden>::at(hidden.end(count), d.hidden2);
      run(view.layers[kEncoder1], hidden, hidden2, count);
      hidden = hidden2;
    }
    const auto heads = Rows<Latent>::at(hidden.end(count), 2 * std::size_t{d.latent});
    run(view.layers[kEncoderHeads], hidden, heads, count);
    return hidden.end(count);
  }

  // The encoder's live pixels in its own unit.
  void halve_pixels(const Pixel* x, Pixel* to) const {
    const std::size_t pixels = dimensions().pixels;
    if (view.inputs.all()) {
      for (std::size_t i = 0; i < pixels; ++i) to[i] = x[i] >> 1;
    } else {
      halve_live(view.inputs, x, to);
    }
  }

  // z, at the start of a decoder's arena, -> the last hidden layer.
  Rows<Hidden> run_hidden(std::byte* arena, std::size_t count) const {
    const Dimensions d = dimensions();
    const auto inner = first_hidden<A>(d, arena, count);
    run(view.layers[kDecoder0], Rows<Latent>::at(arena, d.latent), inner, count);
    if (d.hidden2 == 0) return inner;
    const auto hidden1 = second_hidden(d, inner, count);
    run(view.layers[kDecoder1], inner, hidden1, count);
    return hidden1;
  }

  // The pixels of x as the decoder has them: live ones first, and what the dead ones cost added to
  // the sums. Those of models with dead pixels are parted where the encoder had its own.
  Rows<const Pixel> live_first(const Pixel* x, Rows<PixelSums> sums, std::byte* encoder,
                               std::size_t count) const {
    const std::size_t pixels = dimensions().pixels;
    if (view.outputs.all()) return {x, pixels};
    const std::size_t live = view.layers[kDecoder2].out;
    const auto parted = Rows<Pixel>::at(encoder, pixels);
    for (std::size_t row = 0; row < count; ++row) {
      Pixel* dead = parted.row(row) + live;
      part_pixels(view.outputs, x + row * pixels, parted.row(row), dead);
      add_pixels(dead, view.outputs.dead_logits(), pixels - live, *sums.row(row));
    }
    return {parted.data, parted.stride};
  }

  // The last layer in pieces, whose logits take the place of the encoder's other rows; the sums of
  // each image, which these add to, that of its z.
  void score_logits(const Pixel* x, Score* scores, Rows<Hidden> hidden1, std::byte* encoder,
                    std::byte* decoder, std::size_t count) const {
    const Dimensions d = dimensions();
    const auto sums = Rows<PixelSums>::at(decoder, 1);
    static_assert(sizeof(PixelSums) <= kArenaAlignment);
    for (std::size_t row = 0; row < count; ++row) *sums.row(row) = {};
    const Rows<const Pixel> image = live_first(x, sums, encoder, count);

    const std::size_t parted = row_size<Pixel>(d.pixels);
    const std::size_t room =
        (encoder_arena_size<A>(d) - parted) / (kPanel * sizeof(Logit)) * kPanel;
    const std::size_t most = room < kScoreColumns ? room : kScoreColumns;
    auto* logits = reinterpret_cast<Logit*>(encoder + count * parted);
    Dense last = view.layers[kDecoder2];
    const std::size_t halves = halves_of_output(view.header->layout, last);
    const std::size_t live = last.out;
    for (std::size_t first = 0; first < live; first += most) {
      const std::size_t left = live - first;
      last.out = static_cast<std::uint16_t>(left < most ? left : most);
      run(last, hidden1, Rows<Logit>{logits, most}, count);
      for (std::size_t row = 0; row < count; ++row) {
        add_pixels(image.row(row) + first, logits + row * most, last.out, *sums.row(row));
      }
      skip_outputs(last, halves);
    }
    for (std::size_t row = 0; row < count; ++row) {
      scores[row] = score_of(*sums.row(row), scores[row].kl);
    }
  }
};

}  // namespace picovae::detail
