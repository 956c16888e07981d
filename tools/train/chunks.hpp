// The weights cut into pieces that threads take one after the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "tools/train/parameters.hpp"

namespace picovae::tools {

// Rows of a layer that one thread updates at a time: their gradients stay in its cache until Adam
// has used them.
inline constexpr std::size_t kChunkRows = 48;

struct Chunk {
  std::size_t layer, first, last;  // rows of LayerPlan
  std::size_t offset, size;        // of its floats within the plan's
};

// All rows of all layers, the largest chunks first: the small ones at the end let threads finish
// together.
std::vector<Chunk> cut_into_chunks(const Plan& plan);

// Hands out 0 .. count - 1, each to one member of a team.
class Counter {
 public:
  void start(std::size_t count) {
    next_ = 0;
    count_ = count;
  }

  template <typename Work>
  void share(const Work& work) {
    for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) work(i);
  }

 private:
  std::atomic<std::size_t> next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace picovae::tools
