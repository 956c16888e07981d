// The table of a host's ISA: every type of weights from one body each.
#pragma once

#include "host/dense_f32.hpp"
#include "host/dense_s8.hpp"
#include "picovae/kernels.hpp"

namespace picovae {
namespace {

template <typename Isa>
constexpr Kernels host_kernels(picovae::Isa isa, const char* name) {
  return {.isa = isa,
          .name = name,
          .layout = Layout::kHost,
          .f32 = dense_float<Isa, F32>,
          .f16 = dense_float<Isa, F16>,
          .bf16 = dense_float<Isa, Bf16>,
          .s8 = dense_s8<Isa>,
          .product = product<Isa>};
}

}  // namespace
}  // namespace picovae
