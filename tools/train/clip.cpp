#include "tools/train/clip.hpp"

namespace picovae::tools {

double clip_scale(double factor, double norm, std::uint64_t t, double& mean_norm) {
  constexpr double kMeanRate = 0.02;
  if (t == 1) mean_norm = norm;
  const double allowed = factor * mean_norm;
  const double scale = norm > allowed ? allowed / norm : 1;
  mean_norm += kMeanRate * (norm * scale - mean_norm);
  return scale;
}

}  // namespace picovae::tools
