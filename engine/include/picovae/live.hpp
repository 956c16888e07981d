// Pixels that are never lit, or hardly: an encoder need not read them, nor a decoder compute them.
// An s8 model names those that either half has; the layers at both ends are that much smaller.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/shape.hpp"

namespace picovae {

// A dead pixel has a constant logit, Q8.7, of at most this: it is drawn as 0.
inline constexpr std::int16_t kDeadLogit = -800;

// The live pixels of one half of a model. Points into its section, FORMAT.md, "Live pixels".
struct LivePixels {
  const std::uint8_t* bits = nullptr;  // [(pixels + 7) / 8]; null if all pixels are live

  bool all() const { return bits == nullptr; }
  bool has(std::size_t pixel) const { return (bits[pixel / 8] >> (pixel % 8) & 1) != 0; }

  // Of a decoder, [pixels - live]: the logits of dead pixels, ascending.
  const std::int16_t* dead_logits(std::size_t pixels) const {
    return reinterpret_cast<const std::int16_t*>(bits + round_up((pixels + 7) / 8, 2));
  }
};

// Bytes of a section that has so many dead logits; an encoder's has none.
constexpr std::size_t live_section_size(std::size_t pixels, bool decoder, std::size_t dead) {
  const std::size_t bytes = (pixels + 7) / 8;
  return decoder ? round_up(bytes, 2) + dead * sizeof(std::int16_t) : bytes;
}

namespace detail {

// Parts the pixels of an image.
//   live, dead  out, in ascending order
inline void part_pixels(LivePixels of, const std::uint8_t* x, std::size_t pixels,
                        std::uint8_t* live, std::uint8_t* dead) {
  for (std::size_t i = 0; i < pixels; ++i) *(of.has(i) ? live++ : dead++) = x[i];
}

inline std::uint8_t dead_value(const std::int16_t*, std::uint8_t) { return 0; }
inline std::int16_t dead_value(const std::int16_t* logit, std::int16_t) { return *logit; }

// Moves live pixels or logits to their places, the last one first, and fills in the dead ones.
//   row  [pixels], the live ones first; in place
template <typename Out>
void spread_live(LivePixels of, Out* row, std::size_t pixels, std::size_t live) {
  const std::int16_t* dead = of.dead_logits(pixels) + (pixels - live);
  const Out* from = row + live;
  for (std::size_t i = pixels; i-- > 0;) {
    row[i] = of.has(i) ? *--from : dead_value(--dead, Out{});
  }
}

}  // namespace detail
}  // namespace picovae
