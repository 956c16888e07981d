// s8 kernels of any little-endian core with a 32-bit multiplication, in plain C++ (plain.hpp has
// the arithmetic): those of a Cortex-M3, and of cores that have no file of their own here. Hosts
// run them too, and test them.

#include "board/core.hpp"
#include "board/plain.hpp"
#include "board/plain_s4.hpp"
#include "picovae/picovae.h"
#include "picovae/standard.hpp"

// GCC would add the terms of several products first, and lose the shifts that an ADD does for
// nothing: 11 % of a decode.
#if defined(__clang__)
#define PICOVAE_SUMS_AS_WRITTEN
#else
#define PICOVAE_SUMS_AS_WRITTEN [[gnu::optimize("no-tree-reassoc")]]
#endif

namespace picovae {
namespace {

using board::Word;

struct Small : board::PlainCore {
  // Two pairs of outputs at once, half a panel: that many sums fit into the registers.
  PICOVAE_SUMS_AS_WRITTEN static void multiply_narrow(const std::int8_t* weights, const void* x,
                                                      std::size_t groups, std::int32_t* sums,
                                                      std::int32_t start_sum) {
    Word low_bytes = 0x00ff00ff;
    asm("" : "+r"(low_bytes));  // in a register, where an AND shifts its other operand for nothing
    const auto* first = reinterpret_cast<const Word*>(weights);
    for (std::size_t pair = 0; pair < board::kPairs; pair += 2, first += 2) {
      auto even0 = static_cast<std::uint32_t>(start_sum);
      auto even1 = even0, odd0 = even0, odd1 = even0;
      const auto add = [&](const Word* half, Word inputs) __attribute__((always_inline)) {
        const Word word0 = half[0] ^ board::kOddSigns;
        const Word word1 = half[1] ^ board::kOddSigns;
        even0 += ((word0 & low_bytes) * inputs) >> 16;
        odd0 += ((word0 >> 8 & low_bytes) * inputs) >> 16;
        even1 += ((word1 & low_bytes) * inputs) >> 16;
        odd1 += ((word1 >> 8 & low_bytes) * inputs) >> 16;
      };
      const Word* group = first;
      const auto* in = static_cast<const Word*>(x);
      const Word* const end = in + groups;
      do {
        const Word inputs = *in++;
        add(group, (inputs >> 16 | inputs << 16) & low_bytes);
        add(group + board::kPairs, (inputs >> 24 | inputs << 8) & low_bytes);
        group += board::kGroupWords;
      } while (in != end);
      for (const std::uint32_t sum : {even0, odd0, even1, odd1}) {
        *sums++ = static_cast<std::int32_t>(sum);
      }
    }
  }
};

}  // namespace

PICOVAE_CONSTINIT const Kernels kSmallKernels = integer_kernels(
    Isa::kSmall, "small", Layout::kCortexM, board::dense_for<Small, board::PlainS4Panels<Small>>());

}  // namespace picovae

const picovae_kernels* picovae_kernels_small(void) { return &picovae::kSmallKernels; }
