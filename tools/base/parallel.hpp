// Independent pieces of work on several threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace picovae::tools {

// Calls work(state, i) once for every i in [0, count), on `threads` threads (this one included),
// each with a state of its own that make_state() returns. Which thread takes which i is left to
// chance, so a result must not depend on it. The first exception that is thrown anywhere is thrown
// here once all threads have ended.
template <typename MakeState, typename Work>
void parallel_for(unsigned threads, std::size_t count, const MakeState& make_state,
                  const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr error;
  const auto run = [&] {
    try {
      auto state = make_state();
      for (std::size_t i; (i = next.fetch_add(1)) < count;) work(state, i);
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned t = 1; t < threads; ++t) others.emplace_back(run);
    run();
  }
  if (error) std::rethrow_exception(error);
}

// The same for work(i), which needs no state.
template <typename Work>
void parallel_for(unsigned threads, std::size_t count, const Work& work) {
  struct Nothing {};
  parallel_for(
      threads, count, [] { return Nothing{}; }, [&](Nothing&, std::size_t i) { work(i); });
}

}  // namespace picovae::tools
