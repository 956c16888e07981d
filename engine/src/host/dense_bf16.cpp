// bf16 layers as dot products of pairs of bf16: CMake compiles this file once for each ISA that has
// them (engine/cmake/isa.cmake). The inputs are rounded to bf16, which f32 arithmetic
// (dense_f32.cpp) does not do.
#include <cstddef>
#include <cstdint>

#include "host/epilogue_f32.hpp"
#include "host/isa.hpp"
#include "host/pair_tile.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae {
namespace {

static_assert(PairIsa<PICOVAE_ISA_TYPE>);

// Inputs that are rounded before they are multiplied, the same ones whatever the number of rows:
// sums of more of them are added up.
inline constexpr std::size_t kInputs = 1024;

// x [rows][in] in f32, rows x_stride apart, to bf16, rows kInputs apart. Each row ends with a 0
// at least if `in` is odd.
template <typename Simd>
void round_rows(const float* x, std::size_t x_stride, std::size_t in, std::size_t rows,
                std::uint16_t* to) {
  for (; rows != 0; --rows, x += x_stride, to += kInputs) {
    for (std::size_t k = 0; k < in; k += Simd::kRounded) {
      Simd::round(x + k, smaller(in - k, Simd::kRounded), to + k);
    }
  }
}

template <typename Simd>
void dense(const Dense& layer, const float* x, std::size_t x_stride, float* y, std::size_t y_stride,
           std::size_t rows) {
  const auto* weights = static_cast<const std::uint16_t*>(layer.weights);
  const std::size_t padded = pad(layer.out, kOutputPad);
  alignas(64) std::uint16_t rounded[kPairRows * kInputs];
  alignas(64) float sums[kBlock];
  for (std::size_t now = 0; rows != 0; rows -= now, x += now * x_stride, y += now * y_stride) {
    now = next_piece(rows, kPairRows);
    const std::size_t block = kBlock / now / kPanel * kPanel;
    for (std::size_t first = 0; first < padded; first += block) {
      const std::size_t columns = smaller(block, padded - first);
      for (std::size_t k = 0; k < layer.in; k += kInputs) {
        const std::size_t in = smaller(layer.in - k, kInputs);
        if (first == 0 || layer.in > kInputs) round_rows<Simd>(x + k, x_stride, in, now, rounded);
        for (std::size_t j = 0, vectors = 0; j < columns; j += vectors * kOutputPad) {
          vectors = next_pair_tile(now, (columns - j) / kOutputPad);
          PairTiles<Simd>::get(now, vectors)({.x = rounded,
                                              .x_stride = kInputs,
                                              .panel = weights + (first + j) * layer.in,
                                              .next_panel = kPanel * layer.in,
                                              .sums = sums + j,
                                              .sums_row = columns,
                                              .first = k,
                                              .in = in});
        }
      }
      finish_f32<Simd>(layer, first, sums, columns, now, y, y_stride);
    }
  }
}

}  // namespace

namespace PICOVAE_ISA {

void dense_bf16(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                std::size_t y_stride, std::size_t rows) {
  dense<PICOVAE_ISA_TYPE>(layer, static_cast<const float*>(x), x_stride, static_cast<float*>(y),
                          y_stride, rows);
}

}  // namespace PICOVAE_ISA
}  // namespace picovae
