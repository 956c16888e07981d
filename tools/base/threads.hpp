// Work on several threads: independent pieces (parallel_for), or one task by a team that stays.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace picovae::tools {

// Threads that the end of the object waits for. (libc++ has no std::jthread.)
class JoinedThreads {
 public:
  JoinedThreads() = default;
  ~JoinedThreads() {
    for (std::thread& thread : threads_) thread.join();
  }
  JoinedThreads(const JoinedThreads&) = delete;
  JoinedThreads& operator=(const JoinedThreads&) = delete;

  template <typename Work>
  void start(Work work) {
    threads_.emplace_back(std::move(work));
  }

 private:
  std::vector<std::thread> threads_;
};

// Hands out 0 .. count - 1, each number to one of the threads that ask.
class WorkQueue {
 public:
  explicit WorkQueue(std::size_t count = 0) : count_(count) {}

  // For the next round of work; not while threads ask.
  void refill(std::size_t count) {
    next_ = 0;
    count_ = count;
  }

  // Calls work(i) for the numbers that this thread gets, until none is left.
  template <typename Work>
  void take(const Work& work) {
    for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) work(i);
  }

  // No thread gets a further number.
  void drain() { next_ = count_; }

 private:
  std::atomic<std::size_t> next_ = 0;
  std::size_t count_;
};

// Calls work(state, i) once for every i in [0, count), on `threads` threads (this one included),
// each with its own state from make_state(). The result must not depend on which thread takes
// which i. If a call throws, the first exception is rethrown here after all threads have ended.
template <typename MakeState, typename Work>
void parallel_for(unsigned threads, std::size_t count, const MakeState& make_state,
                  const Work& work) {
  WorkQueue queue(count);
  std::mutex mutex;
  std::exception_ptr error;
  const auto run = [&] {
    try {
      auto state = make_state();
      queue.take([&](std::size_t i) { work(state, i); });
    } catch (...) {
      queue.drain();
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  {
    JoinedThreads others;
    for (unsigned t = 1; t < threads; ++t) others.start(run);
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

// Calls work(first, count) for [0, total) in parts of `size`, the last one smaller if need be.
template <typename Work>
void for_parts(std::size_t total, std::size_t size, const Work& work) {
  for (std::size_t first = 0; first < total; first += size) {
    work(first, std::min(size, total - first));
  }
}

// The same on several threads, for work(state, first, count); see parallel_for.
template <typename MakeState, typename Work>
void parallel_parts(unsigned threads, std::size_t total, std::size_t size,
                    const MakeState& make_state, const Work& work) {
  parallel_for(threads, (total + size - 1) / size, make_state, [&](auto& state, std::size_t i) {
    work(state, i * size, std::min(size, total - i * size));
  });
}

// The same for work(first, count), which needs no state.
template <typename Work>
void parallel_parts(unsigned threads, std::size_t total, std::size_t size, const Work& work) {
  parallel_for(threads, (total + size - 1) / size,
               [&](std::size_t i) { work(i * size, std::min(size, total - i * size)); });
}

// Threads that do one task after another together; the caller is the first of them.
class Team {
 public:
  // What each member does; `member` counts from 0. Must not throw.
  using Task = std::function<void(unsigned member)>;

  explicit Team(unsigned threads);  // at least one
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned size() const { return size_; }

  // Every member does `task`; returns when all are done.
  void run(const Task& task);

  // Within a task: waits until all members are here. What they wrote before is visible after.
  void wait_for_all();

 private:
  unsigned size_;
  std::atomic<unsigned> arrived_ = 0;  // members that wait in this phase
  std::atomic<unsigned> phase_ = 0;
  const Task* task_ = nullptr;  // null: the threads exit
  JoinedThreads others_;
};

}  // namespace picovae::tools
