#include "tools/measure/scores.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "tools/base/threads.hpp"

namespace picovae::tools {

std::vector<ImageScore> score_images(const Model& model, std::span<const std::uint8_t> images,
                                     unsigned threads, const ImageProgress& progress) {
  constexpr std::size_t kPart = 100;  // images that a thread takes at a time
  const std::size_t pixels = model.dimensions().pixels;
  std::vector<ImageScore> scores(images.size() / pixels);
  ImageCounter done(progress);
  parallel_parts(
      threads, scores.size(), kPart, [&] { return model.clone(); },
      [&](std::unique_ptr<Model>& own, std::size_t first, std::size_t count) {
        own->score(images.subspan(first * pixels, count * pixels), scores.data() + first);
        done.add(count);
      });
  for (const ImageScore& score : scores) {
    require_finite({score.reconstruction, score.kl}, "a score");
  }
  return scores;
}

double auroc(std::span<const double> normal, std::span<const double> abnormal) {
  std::vector<double> ascending(normal.begin(), normal.end());
  std::sort(ascending.begin(), ascending.end());
  double wins = 0;
  for (const double value : abnormal) {
    const auto [below, above] = std::equal_range(ascending.begin(), ascending.end(), value);
    wins += 0.5 * static_cast<double>((below - ascending.begin()) + (above - ascending.begin()));
  }
  return wins / (static_cast<double>(normal.size()) * static_cast<double>(abnormal.size()));
}

double quantile(std::span<const double> ascending, double share) {
  const auto count = static_cast<double>(ascending.size());
  const auto rank = static_cast<std::size_t>(std::ceil(share * count));
  return ascending[std::clamp<std::size_t>(rank, 1, ascending.size()) - 1];
}

double threshold_of(std::span<const double> ascending, double false_alarms) {
  const auto above = static_cast<std::size_t>(false_alarms * static_cast<double>(ascending.size()));
  return ascending[ascending.size() - 1 - std::min(above, ascending.size() - 1)];
}

}  // namespace picovae::tools
