// The peers: the same network in other libraries, each used as its documentation advises.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "contender.hpp"
#include "picovae/shape.hpp"
#include "picovae_peers.hpp"
#include "tools/format/network.hpp"

namespace picovae::bench {

// What a peer is made from.
struct PeerSetup {
  std::array<tools::DenseWeights, kLayerCount> layers;  // indexed by Layer
  std::size_t batch;
  std::vector<float> images, latents;  // [batch][...] in real units
};

using PeerFn = std::unique_ptr<Contender>(const PeerSetup& setup);

// The peers of picovae_peers.hpp, compiled for this machine and, on x86, once more for AVX2. Each
// is a shared library with hidden symbols: the linker would otherwise keep one of the two versions
// of each of Eigen's templates, and one of the functions that several libraries name alike. Null if
// the peer has nothing for that batch or machine.
#define PICOVAE_DECLARE_PEER(function, type, name) \
  __attribute__((visibility("default"))) PeerFn make_##function;
namespace native {
inline constexpr bool kLimited = false;
PICOVAE_PEERS(PICOVAE_DECLARE_PEER)
}  // namespace native
namespace avx2 {
inline constexpr bool kLimited = true;  // to AVX2, on a machine that may have more
PICOVAE_PEERS(PICOVAE_DECLARE_PEER)
}  // namespace avx2

// oneDNN in f32, bf16 and its own s8, by either of the primitives that fit. Null if it has none
// for this machine.
PeerFn make_onednn_inner_product_f32, make_onednn_matmul_f32;
PeerFn make_onednn_inner_product_bf16, make_onednn_matmul_bf16;
PeerFn make_onednn_inner_product_s8, make_onednn_matmul_s8;

// Limits oneDNN to that ISA, if it knows the ISA. Call it before anything else of oneDNN.
void limit_onednn(Isa isa);

// Version and ISA.
std::string describe_onednn();

}  // namespace picovae::bench
