// Loops of nothing but the instructions that the kernels of an ISA spend their time on: their speed
// is the limit of those kernels. probe_isa.cpp is compiled once an ISA, like the kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "picovae/kernels.hpp"

namespace picovae::bench {

// Arrays start at multiples of 64 bytes.
struct Probe {
  Isa isa;
  const char* name;  // as Kernels::name
  // Operations in a round; a multiplication and an addition are two.
  double multiply_add_operations, dot_operations;

  // `rounds` rounds of f32 multiply-adds, in independent chains.
  //   data  [kProbeData] in and out, so that the compiler cannot drop the work
  void (*multiply_add)(float* data, std::size_t rounds);

  // The same with s8 dot products, as the s8 kernels compute them.
  //   inputs, weights  [kProbeData]
  //   sums             [kProbeData] out
  void (*dot)(const std::uint8_t* inputs, const std::int8_t* weights, std::int32_t* sums,
              std::size_t rounds);

  // Reads memory once, from front to back.
  //   bytes  a multiple of kReadUnit
  //   seen   [kProbeData] out
  void (*read)(const std::byte* from, std::size_t bytes, float* seen);
};

inline constexpr std::size_t kProbeData = 1024;  // elements: more than all registers hold
inline constexpr std::size_t kReadUnit = 1024;

// The probes of this build, best first, whether this machine can run them or not.
std::span<const Probe* const> built_probes();

// The ISA's probe; null if there is none or the machine cannot run it.
const Probe* find_probe(Isa isa);

}  // namespace picovae::bench
