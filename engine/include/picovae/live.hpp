// Pixels that are never lit, or hardly: an encoder need not read them, nor a decoder compute them.
// An s8 model names those that either half has; the layers at both ends are that much smaller.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/standard.hpp"

namespace picovae {

// A dead pixel has a constant logit, Q8.7, of at most this: it is drawn as 0.
inline constexpr std::int16_t kDeadLogit = -800;

// So many dead pixels, and the live ones behind them.
struct LiveRun {
  std::uint8_t dead, live;
};

// The live pixels of one half of a model. Points to its section, FORMAT.md, "Live pixels".
struct LivePixels {
  const std::uint16_t* section = nullptr;  // the number of runs; null if all pixels are live

  bool all() const { return section == nullptr; }
  std::size_t run_count() const { return *section; }
  const LiveRun* runs() const { return reinterpret_cast<const LiveRun*>(section + 1); }

  // Of a decoder: the logits of dead pixels, ascending.
  const std::int16_t* dead_logits() const {
    return reinterpret_cast<const std::int16_t*>(runs() + run_count());
  }
};

// Bytes of a section that has so many dead logits; an encoder's has none.
constexpr std::size_t live_section_size(std::size_t runs, std::size_t dead_logits) {
  return sizeof(std::uint16_t) + runs * sizeof(LiveRun) + dead_logits * sizeof(std::int16_t);
}

namespace detail {

inline span<const LiveRun> runs_of(LivePixels of) { return {of.runs(), of.run_count()}; }

// The live pixels of an image, halved as an encoder takes them.
//   halves  out, in ascending order
inline void halve_live(LivePixels of, const std::uint8_t* x, std::uint8_t* halves) {
  for (const LiveRun run : runs_of(of)) {
    x += run.dead;
    for (std::size_t n = run.live; n != 0; --n) *halves++ = *x++ >> 1;
  }
}

// Parts the pixels of an image.
//   live, dead  out, in ascending order
inline void part_pixels(LivePixels of, const std::uint8_t* x, std::uint8_t* live,
                        std::uint8_t* dead) {
  for (const LiveRun run : runs_of(of)) {
    for (std::size_t n = run.dead; n != 0; --n) *dead++ = *x++;
    for (std::size_t n = run.live; n != 0; --n) *live++ = *x++;
  }
}

inline std::uint8_t dead_value(const std::int16_t*, std::uint8_t) { return 0; }
inline std::int16_t dead_value(const std::int16_t* logit, std::int16_t) { return *logit; }

// Moves live pixels or logits to their places, the last one first, and fills in the dead ones.
//   row  [pixels], `live` of them first; in place
template <typename Out>
void spread_live(LivePixels of, Out* row, std::size_t pixels, std::size_t live) {
  const std::int16_t* dead = of.dead_logits() + (pixels - live);
  const Out* from = row + live;
  Out* to = row + pixels;
  for (const LiveRun* run = of.runs() + of.run_count(); run-- != of.runs();) {
    for (std::size_t n = run->live; n != 0; --n) *--to = *--from;
    for (std::size_t n = run->dead; n != 0; --n) *--to = dead_value(--dead, Out{});
  }
}

}  // namespace detail
}  // namespace picovae
