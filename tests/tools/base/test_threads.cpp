#include "tools/base/threads.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using picovae::tools::parallel_for;
using picovae::tools::Team;
using picovae::tools::WorkQueue;

TEST_CASE("each piece of work is done once, on any number of threads") {
  for (unsigned threads = 1; threads <= 8; ++threads) {
    for (const std::size_t count : {0u, 1u, 3u, 500u}) {
      std::vector<int> calls(count);
      parallel_for(threads, count, [&](std::size_t i) { ++calls[i]; });
      CHECK(calls == std::vector<int>(count, 1));
    }
  }
}

TEST_CASE("each thread has its own state") {
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

TEST_CASE("an exception on any thread ends the work and is rethrown") {
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

TEST_CASE("a team takes each number of a queue once, and again after a refill") {
  Team team(3);
  WorkQueue queue;
  std::vector<int> calls(1000);
  for (int round = 1; round <= 3; ++round) {
    queue.refill(calls.size());
    team.run([&](unsigned) { queue.take([&](std::size_t i) { ++calls[i]; }); });
    CHECK(calls == std::vector<int>(calls.size(), round));
  }
}

TEST_CASE("every member does every task once, and run() returns when all are done") {
  for (unsigned threads = 1; threads <= 5; ++threads) {
    Team team(threads);
    REQUIRE(team.size() == threads);
    std::vector<int> calls(threads);
    for (int task = 1; task <= 200; ++task) {
      team.run([&](unsigned member) { ++calls[member]; });
      CHECK(calls == std::vector<int>(threads, task));
    }
  }
}

TEST_CASE("no member passes a wait before all have arrived") {
  constexpr unsigned kThreads = 4;
  Team team(kThreads);
  std::atomic<unsigned> arrived = 0;
  std::atomic<unsigned> early = 0;
  for (int task = 0; task < 50; ++task) {
    arrived = 0;
    team.run([&](unsigned member) {
      for (unsigned round = 1; round <= 3; ++round) {
        // The last one comes late enough for the others to fall asleep.
        if (member == round)
          std::this_thread::sleep_for(std::chrono::milliseconds(task == 0 ? 20 : 0));
        ++arrived;
        team.wait_for_all();
        early += arrived < round * kThreads;
        team.wait_for_all();
      }
    });
  }
  CHECK(arrived == 3 * kThreads);
  CHECK(early == 0);
}

TEST_CASE("a team may rest between tasks, or never work") {
  Team idle(3);
  Team team(2);
  int calls = 0;
  for (int task = 0; task < 3; ++task) {
    team.run([&](unsigned member) {
      if (member == 0) ++calls;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(calls == 3);
}

}  // namespace
