// The kernel interface: a dense layer is a view into the blob, a set of kernels is a table of
// functions, one table for each ISA. Kernels take run-time sizes; none is instantiated for a shape.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/ranges.hpp"
#include "picovae/standard.hpp"

namespace picovae {

// How the weights of a model are stored. kF16 (IEEE 754 binary16) and kBf16 (the upper half of an
// f32) are weights alone: their arithmetic is f32, but for kernels that round inputs (below).
enum class Type : std::uint8_t { kF32 = 0, kS8 = 1, kF16 = 2, kBf16 = 3 };

constexpr std::size_t weight_size(Type type) {
  return type == Type::kS8 ? 1 : type == Type::kF32 ? 4 : 2;
}

// Whether this build reads decoders with weights of 4 bits (s4.hpp): hosts do; a board's does if
// PICOVAE_S4 is defined, and has no code for them otherwise.
#if defined(PICOVAE_ONLY_LAYOUT) && !defined(PICOVAE_S4)
inline constexpr bool kHasS4 = false;
#else
inline constexpr bool kHasS4 = true;
#endif

// In which order they are stored (layout.hpp has the index formulas).
enum class Layout : std::uint8_t { kHost = 0, kCortexM = 1, kMve = 2 };

enum class Activation : std::uint8_t { kIdentity, kSoftplus, kSigmoid, kRelu };

// What hidden layers have in this build: hosts run softplus and ReLU, model by model. A board's
// engine is built for ReLU if PICOVAE_RELU is defined, else for softplus, and has no code for the
// other.
#if !defined(PICOVAE_ONLY_LAYOUT)
inline constexpr bool kHasSoftplus = true, kHasRelu = true;
#elif defined(PICOVAE_RELU)
inline constexpr bool kHasSoftplus = false, kHasRelu = true;
#else
inline constexpr bool kHasSoftplus = true, kHasRelu = false;
#endif

// Whether it is one of hidden layers: these rescale their outputs.
constexpr bool is_hidden(Activation activation) {
  return activation == Activation::kSoftplus || activation == Activation::kRelu;
}

// Which of the two it is: a constant in a build that has one of them.
constexpr bool is_relu(Activation activation) {
  return kHasRelu && (!kHasSoftplus || activation == Activation::kRelu);
}

// One affine map with its activation: y = activation(weights * x + bias). Owns nothing.
struct Dense {
  const void* weights;              // of the model's type or s4, packed as its layout says
  const void* bias;                 // f32 or s32, [round_up(out, kOutputPad)]
  const std::uint16_t* multiplier;  // s8 only, [round_up(out, kOutputPad)]
  const std::int16_t* rescale;      // s8 hidden layers only, [round_up(out, kOutputPad)]
  std::uint16_t in, out;
  std::uint8_t pre_shift, post_shift;  // s8 only: t = sat16(((acc >> pre) * m + b) >> post)
  bool wide_input : 1;                 // s8 only: x is s16 in +-8191 rather than u8 in 0..127
  bool s4 : 1;                         // the weights are those of s4.hpp
  bool high_input : 1;                 // s8 only: x is u8 in 0..greatest, above kMaxActivation
  Activation activation;
  std::uint8_t greatest = kMaxActivation;  // s8 only: of the model's hidden activations
  std::uint16_t shifted = 0;  // hosts, with high_input: from bias to the biases for x - 128
};

// Of an s8 layer's u8 inputs.
constexpr std::int32_t greatest_input(const Dense& layer) {
  return layer.high_input ? layer.greatest : kMaxActivation;
}

// Runs a layer over `rows` inputs, of which there may be none.
//   x  [rows][in]   f32; or u8 in 0..127, with high_input 0..greatest; or s16 if wide_input
//   y  [rows][out]  f32; for s8 layers: u8 in 0..greatest (softplus, ReLU), s16 (identity), u8
//   pixels (sigmoid)
// x_stride and y_stride are elements between rows. Rows of integer input start at a
// multiple of 4 bytes and are readable up to round_up(in, input_pad()) elements; what is behind
// `in` does not matter. Exactly `out` elements of each row of y are written. x and y do not
// overlap.
using DenseFn = void (*)(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                         std::size_t y_stride, std::size_t rows);

enum class Isa : std::uint8_t {
  kScalar,
  kSse2Fma,
  kSse2,
  kAvx2,
  kAvxVnni,
  kAvx512,
  kAvx512Vnni,
  kAvx512Bf16,
  kNeon,
  kSdot,
  kI8mm,
  kSve,
  kSimd128,
  kCortexM0,
  kSmall,
  kCortexMDsp,
  kMve,
  kRv32,
  kRvv
};

struct Kernels {
  Isa isa;
  const char* name;       // "scalar", "avx2", ...
  Layout layout;          // of the s8 weights that `s8` reads; others are always Layout::kHost
  DenseFn f32 = nullptr;  // null if absent: open() then refuses
  DenseFn f16 = nullptr;
  DenseFn bf16 = nullptr;
  DenseFn s8 = nullptr;  // reads s4 weights as well, if the build does
  // Whether `bf16` rounds its inputs to bf16, too. Its results then differ from those of f32
  // arithmetic, so that select_kernels() leaves this table out: name it to have it.
  bool rounds_inputs = false;

  DenseFn dense(Type type) const {
    switch (type) {
      case Type::kF32:
        return f32;
      case Type::kF16:
        return f16;
      case Type::kBf16:
        return bf16;
      case Type::kS8:
        return s8;
    }
    return nullptr;
  }
};

// The table of a board's kernels: integers alone.
constexpr Kernels integer_kernels(Isa isa, const char* name, Layout layout, DenseFn s8) {
  return {isa, name, layout, nullptr, nullptr, nullptr, s8};
}

// One table an ISA. A table may be named on any machine; running it needs the ISA.
extern const Kernels kScalarKernels;
extern const Kernels kSse2FmaKernels;     // any x86-64: f32 with the bits of those below, slowly
extern const Kernels kSse2Kernels;        // any x86-64
extern const Kernels kAvx2Kernels;        // with FMA
extern const Kernels kAvxVnniKernels;     // and dot products of bytes
extern const Kernels kAvx512Kernels;      // F, BW, VL and DQ
extern const Kernels kAvx512VnniKernels;  // and dot products of bytes
extern const Kernels kAvx512Bf16Kernels;  // and of bf16: rounds_inputs
extern const Kernels kNeonKernels;        // 64-bit Arm, and 32-bit with VFPv4
extern const Kernels kSdotKernels;        // 64-bit Arm with dot products
extern const Kernels kI8mmKernels;        // and with 8-bit matrix products
extern const Kernels kSveKernels;         // 64-bit Arm, vectors of 128, 256 or 512 bits: s8 alone
extern const Kernels kSimd128Kernels;     // WebAssembly: s8 alone, the rest is plain C++
extern const Kernels kRvvKernels;         // 64-bit RISC-V with vectors: s8 alone, as well
extern const Kernels kCortexM0Kernels;    // M0, M0+
extern const Kernels kSmallKernels;       // M3, and any 32-bit core: plain C++
extern const Kernels kCortexMDspKernels;  // M4, M7, M33
extern const Kernels kMveKernels;         // M55, M85: Helium
extern const Kernels kRv32Kernels;        // RISC-V of 32 bits with a multiplier

// Boards only (board/kernels_board.cpp): the fastest of the last five for the core that it was
// compiled for.
const Kernels& board_kernels();

// Hosts only (select.cpp): the tables that this build has, best first, whether the machine can run
// them or not; and whether it can.
span<const Kernels* const> built_kernels();
bool machine_runs(Isa isa);

// Hosts only: whether an ISA that the machine runs is faster than those behind it. All are but SVE
// with vectors of 128 bits.
bool machine_gains(Isa isa);

// Hosts only: the best kernels of this machine, of those that do not round inputs and that it gains
// by. Never fails: the scalar ones run everywhere.
const Kernels& select_kernels();

}  // namespace picovae
