#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tools/base/team.hpp"

namespace {

using picovae::tools::Team;

TEST_CASE("every member does every task once, and run returns when all are done") {
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

TEST_CASE("nobody passes a wait before all have come") {
  constexpr unsigned kThreads = 4;
  Team team(kThreads);
  std::atomic<unsigned> come = 0;
  std::atomic<unsigned> early = 0;
  for (int task = 0; task < 50; ++task) {
    come = 0;
    team.run([&](unsigned member) {
      for (unsigned round = 1; round <= 3; ++round) {
        // The last one comes late enough for the others to fall asleep.
        if (member == round)
          std::this_thread::sleep_for(std::chrono::milliseconds(task == 0 ? 20 : 0));
        ++come;
        team.wait_for_all();
        early += come < round * kThreads;
        team.wait_for_all();
      }
    });
  }
  CHECK(come == 3 * kThreads);
  CHECK(early == 0);
}

TEST_CASE("a team may rest, and need not have worked") {
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
