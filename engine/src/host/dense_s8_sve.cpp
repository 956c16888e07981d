// s8 layers by the vectors of 64-bit Arm whose length is known at run time only (SVE), bit for bit
// as requantize.hpp says: of 128, 256 or 512 bits, so that a panel is a whole number of them. They
// cannot be elements of arrays, as the register tiles of dense_s8.cpp would have them.
//
// The first version of SVE, which processors with long vectors have, multiplies s16 without
// rounding: the epilogue is in s32.
#include <arm_sve.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/dense_s4.hpp"
#include "host/simd.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/ranges.hpp"
#include "picovae/shape.hpp"
#include "requantize.hpp"

#if !defined(PICOVAE_ISA) || !defined(__ARM_FEATURE_SVE)
#error "CMake compiles this file for an ISA, with its flags"
#endif

namespace picovae {
namespace {

using Words = svint32_t;  // s32, one an output

constexpr std::size_t kGroup = kInputPad;
constexpr std::size_t kTogether = 4;  // groups of inputs that one load brings
constexpr std::size_t kRows = 4;      // a tile's, at most
constexpr std::size_t kStrips = 8;  // a tile's, at most; a strip is as many columns as a vector has
constexpr std::size_t kTileSums = 16;  // a tile's vectors of sums, at most

// One of several variables.
template <std::size_t I, typename First, typename... Rest>
PICOVAE_INLINE First& pick(First& first, Rest&... rest) {
  if constexpr (I == 0) {
    return first;
  } else {
    return pick<I - 1>(rest...);
  }
}

// Rows of inputs, bytes that are s8 once their bits `flip` are inverted: none, or the highest one.
struct Inputs {
  const std::uint8_t* x;
  std::size_t stride;
  std::uint8_t flip;
};

// The weights of tiles that follow one another.
struct Tiles {
  const std::int8_t* strips[kStrips];  // the first tile's
  std::size_t groups, step;            // bytes from a group of inputs to the next one
  std::size_t count, next;             // bytes from a tile to the next one
};

// Sums [Rows][count][N vectors], rows `row` apart. If Wide, the two rows of inputs are the low and
// the high parts of one: they have one row of sums.
template <std::size_t Rows, std::size_t N, bool Wide>
[[gnu::noinline]] void run_tiles(const Inputs& inputs, const Tiles& tiles, std::int32_t* to,
                                 std::size_t row) {
  static_assert(Rows <= kRows && N <= kStrips && Rows * N <= kTileSums && (!Wide || Rows == 2));
  const svbool_t all = svptrue_b8();
  const svuint8_t flip = svdup_u8(inputs.flip);
  const std::size_t x_stride = inputs.stride, step = tiles.step;
  const std::int8_t* weights[N];
  unroll<N>([&](auto v) __attribute__((always_inline)) { weights[v] = tiles.strips[v]; });
  std::size_t first = 0;
  for (std::size_t left = tiles.count; left != 0; --left, first += tiles.next) {
    const Words zero = svdup_s32(0);
    Words s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
    Words s8 = zero, s9 = zero, sa = zero, sb = zero, sc = zero, sd = zero, se = zero, sf = zero;
    const auto sum = [&](auto r, auto v) __attribute__((always_inline))->Words& {
      return pick<r * N + v>(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, sa, sb, sc, sd, se, sf);
    };
    svint8_t x0 = svdup_s8(0), x1 = x0, x2 = x0, x3 = x0;
    const std::uint8_t* x = inputs.x;
    const auto load_inputs = [&](svbool_t on) __attribute__((always_inline)) {
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        const svuint8_t bytes = sveor_x(all, svld1rq(on, x + r * x_stride), flip);
        pick<r>(x0, x1, x2, x3) = svreinterpret_s8(bytes);
      });
    };
    std::size_t at = first;
    const auto add_group = [&](auto lane) __attribute__((always_inline)) {
      unroll<N>([&](auto v) __attribute__((always_inline)) {
        const svint8_t w = svld1(all, weights[v] + at);
        unroll<Rows>([&](auto r) __attribute__((always_inline)) {
          sum(r, v) = svdot_lane(sum(r, v), w, pick<r>(x0, x1, x2, x3), lane);
        });
      });
      at += step;
    };
    std::size_t groups = tiles.groups;
    for (; groups >= kTogether; groups -= kTogether, x += kTogether * kGroup) {
      load_inputs(all);
      unroll<kTogether>(add_group);
    }
    if (groups != 0) {
      load_inputs(svwhilelt_b8(std::size_t{0}, groups * kGroup));
      add_group(Index<0>{});
      if (groups > 1) add_group(Index<1>{});
      if (groups > 2) add_group(Index<2>{});
    }
    const svbool_t words = svptrue_b32();
    unroll<Wide ? 1 : Rows>([&](auto r) __attribute__((always_inline)) {
      unroll<N>([&](auto v) __attribute__((always_inline)) {
        if constexpr (Wide) sum(r, v) = svmla_x(words, sum(r, v), sum(Index<1>{}, v), 128);
        svst1_vnum(words, to + r * row, v, sum(r, v));
      });
    });
    to += N * svcntw();
  }
}

using RunTilesFn = void (*)(const Inputs& inputs, const Tiles& tiles, std::int32_t* to,
                            std::size_t row);

// Tiles of 1, 2, 4 and 8 strips; of four rows, 8 would be too many.
template <std::size_t Rows>
constexpr std::size_t kMostStrips = smaller(kTileSums / Rows, kStrips);
template <std::size_t Rows, bool Wide = false>
constexpr Table<RunTilesFn, 4> kRunTiles = {run_tiles<Rows, 1, Wide>, run_tiles<Rows, 2, Wide>,
                                            run_tiles<Rows, 4, Wide>,
                                            run_tiles<Rows, kMostStrips<Rows>, Wide>};

// ---- The epilogue: the steps of requantize.hpp, several in one where that changes no bit

// (F + more) >> shift, F of requantize.hpp for a in 0..kTailEnd. There y is 32 a, so that products
// with a are shifted by 5 bits less; what is added after a shift is added before it.
template <const std::array<std::int32_t, 4>& kTail, std::int32_t kMore, int kShift>
PICOVAE_INLINE Words tail(svbool_t on, Words a) {
  constexpr std::int32_t kRound = 1 << 14, kRoundA = 1 << 9;
  constexpr std::int32_t kConstant = kTail[0] * (1 << 10) + kRoundA;
  constexpr std::int32_t kLinear = kTail[1] * (1 << 10) + kRoundA;
  constexpr std::int32_t kSquare = kTail[2] * (1 << 10) + kRoundA;
  constexpr std::int32_t kCubic = kTail[3];
  const Words round = svdup_s32(kRound);
  const Words w = svmls_x(on, svdup_s32(32767), a, 32);
  const Words w2 = svasr_x(on, svmad_x(on, w, w, round), 15);
  const Words w4 = svasr_x(on, svmad_x(on, w2, w2, round), 15);
  Words h = svasr_x(on, svmla_x(on, svdup_s32(kSquare), a, kCubic), 10);
  h = svasr_x(on, svmad_x(on, h, a, kLinear), 10);
  h = svasr_x(on, svmad_x(on, h, a, kConstant), 10);
  return svasr_x(on, svmad_x(on, h, w4, kRound + kMore * (1 << 15)), 15 + kShift);
}

// min(|t|, kTailEnd): t may exceed s16, and no saturation is needed before.
PICOVAE_INLINE Words tail_argument(svbool_t on, Words t) {
  const svuint32_t magnitude = svreinterpret_u32(svabs_x(on, t));
  return svreinterpret_s32(svmin_x(on, magnitude, svdup_u32(kTailEnd)));
}

// Outputs from `first` on into rows of y. sums [rows][columns].
template <Activation kActivation>
void finish(const Dense& layer, std::size_t first, const std::int32_t* sums, std::size_t columns,
            std::size_t rows, void* y, std::size_t y_stride) {
  constexpr bool kHidden = is_hidden(kActivation);
  const std::size_t count = smaller(columns, layer.out - first);
  const auto* bias = static_cast<const std::int32_t*>(layer.bias) + first;
  const std::uint16_t* multiplier = layer.multiplier + first;
  const std::int16_t* rescale = layer.rescale + (kHidden ? first : 0);
  const svuint32_t pre = svdup_u32(layer.pre_shift), post = svdup_u32(layer.post_shift);
  const Words greatest = svdup_s32(layer.greatest), round = svdup_s32(1 << 14);
  for (; rows != 0; --rows, sums += columns, first += y_stride) {
    for (std::size_t at = 0; at < count; at += svcntw()) {
      const svbool_t on = svwhilelt_b32(at, count);
      const Words factor = svreinterpret_s32(svld1uh_u32(on, multiplier + at));
      Words t = svasr_x(on, svld1(on, sums + at), pre);
      t = svasr_x(on, svmad_x(on, t, factor, svld1(on, bias + at)), post);
      const std::size_t to = first + at;
      if constexpr (kActivation == Activation::kIdentity) {
        t = svmax_x(on, svmin_x(on, t, 32767), -32768);
        svst1h(on, static_cast<std::int16_t*>(y) + to, t);
        continue;
      }
      Words bytes;
      if constexpr (kHidden) {
        bytes = svmin_x(on, svmax_x(on, t, 0), 16383);
        if constexpr (kActivation == Activation::kSoftplus) {
          const Words more = tail<kSoftplusTail, 8, 4>(on, tail_argument(on, t));
          bytes = svreinterpret_s32(svadrh_index(svreinterpret_u32(more), bytes));
        } else {
          bytes = svlsl_x(on, bytes, 1);
        }
        const Words scale = svld1sh_s32(on, rescale + at);
        bytes = svmin_x(on, svasr_x(on, svmad_x(on, bytes, scale, round), 15), greatest);
      } else {
        bytes = tail<kSigmoidTail, 0, 0>(on, tail_argument(on, t));
        bytes = svasr_x(on, svmad_x(on, bytes, svdup_s32(255 * 8), round), 15);
        bytes = svnot_m(bytes, svcmpge(on, t, 0), bytes);
      }
      svst1b(on, static_cast<std::int8_t*>(y) + to, bytes);
    }
  }
}

using FinishFn = void (*)(const Dense& layer, std::size_t first, const std::int32_t* sums,
                          std::size_t columns, std::size_t rows, void* y, std::size_t y_stride);

FinishFn finish_for(Activation activation) {
  switch (activation) {
    case Activation::kSoftplus:
      return finish<Activation::kSoftplus>;
    case Activation::kRelu:
      return finish<Activation::kRelu>;
    case Activation::kSigmoid:
      return finish<Activation::kSigmoid>;
    case Activation::kIdentity:
      break;
  }
  return finish<Activation::kIdentity>;
}

// ---- Layers

constexpr std::size_t kSums = 1024;  // that are computed before their epilogue runs

// Sums [rows][columns] of the columns from `first` on, the start of a panel. They end with a panel.
void add_products(const Dense& layer, std::size_t first, std::size_t columns, Inputs inputs,
                  std::size_t rows, bool wide, std::int32_t* sums) {
  const std::size_t lanes = svcntw(), row_bytes = pad(layer.in, kGroup);
  const std::int8_t* weights = static_cast<const std::int8_t*>(layer.weights) + first * row_bytes;
  for (std::size_t now = 0; rows != 0; rows -= now) {
    now = wide ? 1 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
    const Table<RunTilesFn, 4>& run_tiles = wide       ? kRunTiles<2, true>
                                            : now == 4 ? kRunTiles<4>
                                            : now == 2 ? kRunTiles<2>
                                                       : kRunTiles<1>;
    for (std::size_t j = 0; j < columns;) {
      // The last panel may be a narrow one, which has tiles of its own.
      const std::size_t column = j % kPanel;
      const std::size_t width = smaller(kPanel, columns - j + column);
      const std::size_t end = width == kPanel ? columns / kPanel * kPanel : columns;
      const std::size_t left = (end - j) / lanes;  // strips
      const std::size_t power = left >= 8 && now < 4 ? 3 : left >= 4 ? 2 : left >= 2 ? 1 : 0;
      const std::size_t tile = lanes << power;
      // Those that begin in the middle of a panel are not a constant step apart.
      const std::size_t count = tile < width ? 1 : left >> power;
      Tiles tiles = {{}, row_bytes / kGroup, width * kGroup, count, tile * row_bytes};
      for (std::size_t i = 0; i < std::size_t{1} << power; ++i) {
        const std::size_t at = column + i * lanes, in_panel = at & (width - 1);
        tiles.strips[i] = weights + (j - column + at - in_panel) * row_bytes + in_panel * kGroup;
      }
      run_tiles[power](inputs, tiles, sums + j, columns);
      j += count * tile;
    }
    inputs.x += now * inputs.stride;
    sums += now * columns;
  }
}

// wide: `inputs` has the two parts of one row.
void run(const Dense& layer, const Inputs& inputs, std::byte* y, std::size_t y_stride,
         std::size_t rows, bool wide) {
  const FinishFn finish_rows = finish_for(layer.activation);
  const std::size_t y_size = layer.activation == Activation::kIdentity ? 2 : 1;
  const std::size_t padded = pad(layer.out, kOutputPad);
  // A block is the columns of a tile of many rows, or many columns of a single row.
  const std::size_t tile = kTileSums / kRows * svcntw();
  const std::size_t block = rows == 1 ? kSums : pad(tile, kPanel);
  alignas(64) std::int32_t sums[kSums];
  for (std::size_t first = 0; first < padded; first += block) {
    const std::size_t columns = smaller(block, padded - first);
    for (std::size_t row = 0, now = 0; row < rows; row += now) {
      now = smaller(kSums / block, rows - row);
      const Inputs some = {inputs.x + row * inputs.stride, inputs.stride, inputs.flip};
      add_products(layer, first, columns, some, now, wide, sums);
      finish_rows(layer, first, sums, columns, now, y + row * y_stride * y_size, y_stride);
    }
  }
}

// Inputs of s16 are 128 * high + low, and both fit an s8.
void split(const std::int16_t* x, std::size_t count, std::uint8_t* low, std::uint8_t* high) {
  for (std::size_t i = 0; i < count; i += svcnth()) {
    const svbool_t on = svwhilelt_b16(i, count);
    const svint16_t all = svld1(on, x + i);
    const svuint16_t above = svreinterpret_u16(svasr_x(on, all, 7));
    svst1b(on, low + i, svand_x(on, svreinterpret_u16(all), 127));
    svst1b(on, high + i, above);
  }
}

}  // namespace

namespace PICOVAE_ISA {

void dense_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  if (layer.s4) return dense_s4(dense_s8, layer, x, x_stride, y, y_stride, rows);
  auto* out = static_cast<std::byte*>(y);
  if (!layer.wide_input) {
    const auto* in = static_cast<const std::uint8_t*>(x);
    if (!layer.high_input) return run(layer, {in, x_stride, 0}, out, y_stride, rows, false);
    Dense shifted = layer;
    shifted.bias = static_cast<const std::int32_t*>(layer.bias) + layer.shifted;
    return run(shifted, {in, x_stride, kInputShift}, out, y_stride, rows, false);
  }
  const std::size_t row_bytes = pad(layer.in, kGroup);
  const std::size_t y_size = layer.activation == Activation::kIdentity ? 2 : 1;
  const auto* in = static_cast<const std::int16_t*>(x);
  alignas(64) std::uint8_t parts[2 * kMaxWidth];
  for (; rows != 0; --rows, in += x_stride, out += y_stride * y_size) {
    split(in, row_bytes, parts, parts + row_bytes);
    run(layer, {parts, row_bytes, 0}, out, y_stride, 1, true);
  }
}

}  // namespace PICOVAE_ISA
}  // namespace picovae
