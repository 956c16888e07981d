// Images turned, scaled and slanted a little at random, so that a long training does not learn the
// images by heart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace picovae::tools {

inline constexpr std::size_t kWarpChances = 4;  // words that decide a warp

// An affine map about the image's centre of mass: turned by up to 8 degrees, each side scaled by up
// to 6 %, slanted by up to 0.08, all uniform. Pixels in between are by Catmull-Rom splines, with
// the contrast raised by 1.17, which undoes their blur. The same bits on every machine: IEEE sums,
// products and quotients alone.
//   image    [pixels], in rows of `columns`; all beside it is 0
//   chances  uniform words
//   warped   [pixels]
void warp_image(std::span<const std::uint8_t> image, std::size_t columns,
                const std::array<std::uint32_t, kWarpChances>& chances, std::uint8_t* warped);

}  // namespace picovae::tools
