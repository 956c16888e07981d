#include "tools/quantize/pixel_statistics.hpp"

#include <algorithm>
#include <cmath>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "picovae/live.hpp"
#include "tools/base/fixed_math.hpp"

namespace picovae::tools {

PixelStatistics statistics_of(std::span<const std::uint8_t> images, std::size_t pixels) {
  std::vector<std::uint64_t> sum(pixels), squares(pixels);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::uint64_t value = images[i];
    sum[i % pixels] += value;
    squares[i % pixels] += value * value;
  }
  PixelStatistics result{images.size() / pixels, {}, {}};
  const auto count = static_cast<double>(result.images);
  for (std::size_t p = 0; p < pixels; ++p) {
    const double mean = static_cast<double>(sum[p]) / 255 / count;
    result.mean.push_back(mean);
    result.variance.push_back(static_cast<double>(squares[p]) / (255 * 255 * count) - mean * mean);
  }
  return result;
}

Constant constant_for(double mean, std::size_t images) {
  const auto count = static_cast<double>(images);
  const double p = (mean * count + 0.5) / (count + 1);
  const auto q =
      static_cast<std::int16_t>(std::lround(fixed::log(p / (1 - p)) * (1 << kLogitBits)));
  const double logit = std::ldexp(q, -kLogitBits);
  return {q, fixed::softplus(logit) - mean * logit};
}

std::size_t count_dead_outputs(const PixelStatistics& pixels, double nats) {
  std::vector<double> costs;
  for (const double mean : pixels.mean) {
    const Constant constant = constant_for(mean, pixels.images);
    if (constant.logit <= kDeadLogit) costs.push_back(constant.nats);
  }
  std::sort(costs.begin(), costs.end());
  costs.resize(std::min(costs.size(), pixels.mean.size() - 1));  // one at least is live
  std::size_t dead = 0;
  for (double spent = 0; dead < costs.size() && spent + costs[dead] <= nats; ++dead) {
    spent += costs[dead];
  }
  return dead;
}

std::size_t count_dead_inputs(const PixelStatistics& pixels, double nats) {
  const auto never = std::count(pixels.mean.begin(), pixels.mean.end(), 0.0);
  const std::size_t most = std::min(static_cast<std::size_t>(never), pixels.mean.size() - 1);
  return std::max(most, count_dead_outputs(pixels, nats));
}

}  // namespace picovae::tools
