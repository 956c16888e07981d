#include "host/dense_s4.hpp"

#include <cstdint>

#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "picovae/shape.hpp"

namespace picovae {
namespace {

constexpr std::size_t kColumns = kOutputPad;          // of a panel of either kind
constexpr std::size_t kBlock = kColumns * kInputPad;  // s8 weights of four inputs
constexpr std::size_t kHalf = kBlock / 2;

// Four inputs of a panel.
//   scales  [kColumns][kInputPad]: of each weight
void expand_block(const std::uint8_t* packed, const std::int8_t* scales, std::int8_t* to) {
  for (std::size_t i = 0; i < kHalf; ++i) {
    const int low = (packed[i] & 15) ^ 8, high = (packed[i] >> 4) ^ 8;
    to[i] = static_cast<std::int8_t>((low - 8) * scales[i]);
    to[kHalf + i] = static_cast<std::int8_t>((high - 8) * scales[kHalf + i]);
  }
}

// A panel, padding and all.
void expand_panel(const std::uint8_t* packed, std::size_t in, std::int8_t* to) {
  const std::size_t padded_in = round_up(in, kInputPad);
  for (std::size_t group = 0; group < s4_groups(in); ++group) {
    const std::size_t blocks = s4_group_inputs(padded_in, group) / kInputPad;
    std::int8_t scales[kBlock];
    for (std::size_t i = 0; i < kBlock; ++i) {
      scales[i] = static_cast<std::int8_t>(s4_half_byte(packed + blocks * kHalf, i / kInputPad));
    }
    for (std::size_t block = 0; block < blocks; ++block, packed += kHalf, to += kBlock) {
      expand_block(packed, scales, to);
    }
    packed += kColumns / 2;
  }
}

}  // namespace

void dense_s4(DenseFn s8, const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  alignas(64) std::int8_t weights[kColumns * kMaxWidth];
  const std::size_t size = layer.activation == Activation::kIdentity ? sizeof(std::int16_t) : 1;
  auto* out = static_cast<std::byte*>(y);
  Dense piece = layer;
  for (std::size_t left = layer.out; left != 0; left -= piece.out) {
    piece.out = static_cast<std::uint16_t>(left < kColumns ? left : kColumns);
    expand_panel(static_cast<const std::uint8_t*>(piece.weights), layer.in, weights);
    Dense expanded = piece;
    expanded.weights = weights;
    expanded.s4 = false;
    s8(expanded, x, x_stride, out, y_stride, rows);
    out += piece.out * size;
    if (left > kColumns) skip_outputs(piece, halves_of_output(Layout::kHost, piece));
  }
}

}  // namespace picovae
