#include "tools/train/chunks.hpp"

#include <algorithm>

namespace picovae::tools {

std::vector<Chunk> cut_into_chunks(const Plan& plan) {
  std::vector<Chunk> chunks;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    const LayerPlan& layer = plan.layers[l];
    for (std::size_t first = 0; first < layer.rows(); first += kChunkRows) {
      const std::size_t last = std::min(first + kChunkRows, layer.rows());
      chunks.push_back(
          {l, first, last, layer.offset + first * layer.width, (last - first) * layer.width});
    }
  }
  std::stable_sort(chunks.begin(), chunks.end(),
                   [](const Chunk& a, const Chunk& b) { return a.size > b.size; });
  return chunks;
}

}  // namespace picovae::tools
