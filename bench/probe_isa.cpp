// The probe of one ISA: CMake compiles this file once for each ISA (engine/cmake/isa.cmake).
#include "probe.hpp"

#include <algorithm>

#include "host/isa.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae::bench {
namespace {

// As many chains as the register tile has sums, and enough to hide the latency of a multiplication
// followed by an addition.
template <typename Simd>
inline constexpr std::size_t kChains =
    std::max(Simd::kTuning.f32.product_rows* Simd::kTuning.f32.product_vectors, std::size_t{12});

template <typename Simd>
void multiply_add_chains(float* data, std::size_t rounds) {
  using Floats = typename Simd::Floats;
  constexpr std::size_t kLanes = Floats::size;
  static_assert((kChains<Simd> + 2) * kLanes <= kProbeData);
  Floats sums[kChains<Simd>];
  unroll<kChains<Simd>>([&](auto i) __attribute__((always_inline)) {
    sums[i] = Floats::load_unaligned(data + i * kLanes);
  });
  const Floats a = Floats::load_unaligned(data + kChains<Simd> * kLanes);
  const Floats b = Floats::load_unaligned(data + (kChains<Simd> + 1) * kLanes);
  for (; rounds != 0; --rounds) {
    unroll<kChains<Simd>>([&](auto i) __attribute__((always_inline)) {
      sums[i] = Simd::multiply_add(sums[i], a, b);
    });
  }
  unroll<kChains<Simd>>([&](auto i) __attribute__((always_inline)) {
    sums[i].store_unaligned(data + i * kLanes);
  });
}

// Ten chains fit 16 registers, with the temporaries of an ISA that has no instruction for dot
// products.
inline constexpr std::size_t kDotInputs = 2, kDotWeights = 5;

template <typename Simd>
void dot_chains(const std::uint8_t* inputs, const std::int8_t* weights, std::int32_t* sums,
                std::size_t rounds) {
  using Dot = typename Simd::Peak;
  using Sums = typename Simd::Sums;
  constexpr std::size_t kBytes = sizeof(Sums), kLanes = kBytes / sizeof(std::int32_t);
  static_assert(kDotWeights * kBytes <= kProbeData);
  static_assert(kDotInputs * kDotWeights * kLanes <= kProbeData);
  Sums total[kDotInputs][kDotWeights] = {};
  typename Dot::Input x[kDotInputs];
  unroll<kDotInputs>([&](auto i) __attribute__((always_inline)) {
    x[i] = Dot::broadcast(inputs + 64 * i);
  });
  for (; rounds != 0; --rounds) {
    unroll<kDotWeights>([&](auto v) __attribute__((always_inline)) {
      const typename Dot::Weights w = Dot::load(weights + v * kBytes);
      // The compiler must assume that memory changes here, so each round loads its weights and
      // computes its products.
      asm volatile("" ::: "memory");
      unroll<kDotInputs>([&](auto i) __attribute__((always_inline)) {
        total[i][v] = Dot::dot(total[i][v], x[i], w);
      });
    });
  }
  unroll<kDotInputs * kDotWeights>([&](auto i) __attribute__((always_inline)) {
    Simd::store(sums + i * kLanes, total[i / kDotWeights][i % kDotWeights]);
  });
}

template <typename Simd>
void read_stream(const std::byte* from, std::size_t bytes, float* seen) {
  using Floats = typename Simd::Floats;
  constexpr std::size_t kLanes = Floats::size, kVectors = 8;
  static_assert(kReadUnit % (kVectors * sizeof(Floats)) == 0 && kVectors * kLanes <= kProbeData);
  const auto* at = reinterpret_cast<const float*>(from);
  Floats bits[kVectors];
  unroll<kVectors>([&](auto i) __attribute__((always_inline)) { bits[i] = Floats(0.0f); });
  for (const float* end = at + bytes / sizeof(float); at != end; at += kVectors * kLanes) {
    unroll<kVectors>([&](auto i) __attribute__((always_inline)) {
      bits[i] = bits[i] | Floats::load_unaligned(at + i * kLanes);
    });
  }
  unroll<kVectors>([&](auto i) __attribute__((always_inline)) {
    bits[i].store_unaligned(seen + i * kLanes);
  });
}

}  // namespace

namespace PICOVAE_ISA {

extern const Probe kProbe;
constinit const Probe kProbe = {
    .isa = PICOVAE_ISA_ID,
    .name = PICOVAE_ISA_NAME,
    .multiply_add_operations = 2.0 * kChains<PICOVAE_ISA_TYPE> * PICOVAE_ISA_TYPE::Floats::size,
    .dot_operations = 2.0 * kDotInputs * kDotWeights * PICOVAE_ISA_TYPE::Peak::kProducts,
    .multiply_add = multiply_add_chains<PICOVAE_ISA_TYPE>,
    .dot = dot_chains<PICOVAE_ISA_TYPE>,
    .read = read_stream<PICOVAE_ISA_TYPE>};

}  // namespace PICOVAE_ISA
}  // namespace picovae::bench
