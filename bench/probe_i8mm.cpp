#if !defined(__aarch64__) || !defined(__ARM_FEATURE_MATMUL_INT8)
#error "compile this file with -march=armv8.2-a+dotprod+i8mm"
#endif

#include "host/isa/neon.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
namespace {

// SMMLA: two rows of eight inputs by two outputs of eight weights, twice.
struct I8mm : Sdot {
  struct Narrow : Sdot::Narrow {
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return {vmmlaq_s32(sums.low, x, w.val[0]), vmmlaq_s32(sums.high, x, w.val[1])};
    }
  };
};
constexpr std::size_t kProducts = 2 * 32;

}  // namespace

constinit const Probe kI8mmProbe = make_probe<I8mm>(Isa::kI8mm, "i8mm", kProducts);

}  // namespace picovae::bench
