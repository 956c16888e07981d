#include "tools/base/threads.hpp"

#include <algorithm>

namespace picovae::tools {
namespace {

// Some tens of cycles in which the core does nothing for this thread.
void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield");
#endif
}

}  // namespace

Team::Team(unsigned threads) : size_(std::max(threads, 1u)) {
  for (unsigned member = 1; member < size_; ++member) {
    others_.start([this, member] {
      for (;;) {
        wait_for_all();  // for run() to hand out a task
        if (task_ == nullptr) return;
        (*task_)(member);
        wait_for_all();  // for the others to be done
      }
    });
  }
}

Team::~Team() {
  task_ = nullptr;
  wait_for_all();
}

void Team::run(const Task& task) {
  task_ = &task;
  wait_for_all();
  task(0);
  wait_for_all();
}

// Members are equally fast, so most waits are short. Spinning for some microseconds is what a layer
// that is split can afford; yielding for a while after it spares the sleep and the wake-up that
// std::barrier pays (65 against 15 microseconds for the three waits of a training step).
void Team::wait_for_all() {
  constexpr int kSpins = 200;
  constexpr int kYields = 200;
  const unsigned phase = phase_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    phase_.notify_all();
    return;
  }
  for (int i = 0; i < kSpins + kYields; ++i) {
    if (phase_.load(std::memory_order_acquire) != phase) return;
    if (i < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
  phase_.wait(phase, std::memory_order_acquire);
}

}  // namespace picovae::tools
