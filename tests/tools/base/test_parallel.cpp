#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/base/parallel.hpp"

namespace {

using picovae::tools::parallel_for;

TEST_CASE("each piece of work is done once, whatever the threads") {
  for (unsigned threads = 1; threads <= 8; ++threads) {
    for (const std::size_t count : {0u, 1u, 3u, 500u}) {
      std::vector<int> calls(count);
      parallel_for(threads, count, [&](std::size_t i) { ++calls[i]; });
      CHECK(calls == std::vector<int>(count, 1));
    }
  }
}

TEST_CASE("each thread has a state of its own") {
  constexpr unsigned kThreads = 4;
  constexpr std::size_t kCount = 1000;
  std::atomic<unsigned> states = 0;
  std::vector<std::size_t> done(kThreads);
  parallel_for(
      kThreads, kCount, [&] { return &done[states++]; },
      [](std::size_t* mine, std::size_t) { ++*mine; });
  CHECK(states == kThreads);
  CHECK(std::accumulate(done.begin(), done.end(), std::size_t{0}) == kCount);
}

TEST_CASE("an exception on any thread arrives, and ends the work") {
  for (unsigned threads = 1; threads <= 4; ++threads) {
    std::atomic<std::size_t> calls = 0;
    const auto work = [&](std::size_t i) {
      ++calls;
      if (i == 5) throw std::runtime_error("five");
    };
    CHECK_THROWS_WITH_AS(parallel_for(threads, 1'000'000'000, work), "five", std::runtime_error);
    CHECK(calls >= 6);
  }
  CHECK_THROWS_AS(
      parallel_for(
          2, 1, []() -> int { throw std::runtime_error("no state"); }, [](int, std::size_t) {}),
      std::runtime_error);
}

}  // namespace
