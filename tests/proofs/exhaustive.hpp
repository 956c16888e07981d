// Programs that run every input of a function: parts of the inputs on some threads, the first input
// for which a claim is false, and what was counted.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace proofs {

// Of the program's --threads; 1 without.
inline unsigned threads_of(int count, char** arguments) {
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(arguments[i], "--threads") == 0) {
      return static_cast<unsigned>(std::max(std::atoi(arguments[i + 1]), 1));
    }
  }
  return 1;
}

// Calls work(i) once for each i of [0, count), on all threads.
template <typename Work>
void for_all(unsigned threads, std::uint64_t count, const Work& work) {
  std::atomic<std::uint64_t> next{0};
  std::vector<std::thread> pool;
  for (unsigned t = 0; t < threads; ++t) {
    pool.emplace_back([&] {
      for (std::uint64_t i = next++; i < count; i = next++) work(i);
    });
  }
  for (std::thread& thread : pool) thread.join();
}

// Ends the program if a claim is false: a line with the claim and the input.
inline void require(bool holds, const char* claim, std::int64_t a = 0, std::int64_t b = 0,
                    std::int64_t c = 0) {
  if (holds) return;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::printf("false: %s, of %lld, %lld, %lld\n", claim, static_cast<long long>(a),
              static_cast<long long>(b), static_cast<long long>(c));
  std::fflush(stdout);
  std::_Exit(1);
}

// The greater of what threads found.
class Worst {
 public:
  void update(double value) {
    const std::lock_guard lock(mutex_);
    value_ = std::max(value_, value);
  }
  double value() const { return value_; }

 private:
  std::mutex mutex_;
  double value_ = 0;
};

inline void passed(const char* what, double inputs) {
  std::printf("%s: %.4g inputs\n", what, inputs);
}

}  // namespace proofs
