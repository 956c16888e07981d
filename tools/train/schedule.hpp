// The learning rate over the course of training.
#pragma once

#include <array>
#include <cstdint>

#include "tools/base/names.hpp"

namespace picovae::tools {

enum class Schedule {
  kConstant,
  kCosine,  // down to zero along half a cosine (Loshchilov and Hutter 2016, without restarts)
};

inline constexpr std::array<Named<Schedule>, 2> kSchedules{{
    {"constant", Schedule::kConstant},
    {"cosine", Schedule::kCosine},
}};

// The rate of step t = 1, 2, ... of `steps`, as a share of the highest. Over the first `warmup`
// (0 to 1) of the steps it rises from a twentieth along half a cosine; then it follows the
// schedule (with a long warm-up: one-cycle, Smith 2018). Beyond the last step it stays as it is.
double rate_share(Schedule schedule, double warmup, std::uint64_t t, std::uint64_t steps);

}  // namespace picovae::tools
