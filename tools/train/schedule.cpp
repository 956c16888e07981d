#include "tools/train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace picovae::tools {
namespace {

constexpr double kFirstShare = 0.05;

// From 0 at 0 to 1 at 1, level at both ends.
double rise(double x) { return 0.5 * (1 - std::cos(std::numbers::pi * x)); }

}  // namespace

double rate_share(Schedule schedule, double warmup, std::uint64_t t, std::uint64_t steps) {
  const double done = std::min(static_cast<double>(t) / static_cast<double>(steps), 1.0);
  if (done < warmup) return kFirstShare + (1 - kFirstShare) * rise(done / warmup);
  if (schedule == Schedule::kConstant || warmup >= 1) return 1;
  return rise(1 - (done - warmup) / (1 - warmup));
}

}  // namespace picovae::tools
