// Threads that do the same task together, over and over: the caller is the first of them.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace picovae::tools {

class Team {
 public:
  // What each member does; `member` counts from 0. Must not throw.
  using Task = std::function<void(unsigned member)>;

  explicit Team(unsigned threads);  // at least one
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned size() const { return size_; }

  // Has every member do `task`; returns when all are done.
  void run(const Task& task);

  // Within a task: waits until all members are here. What they wrote before is visible after.
  void wait_for_all();

 private:
  unsigned size_;
  std::atomic<unsigned> arrived_ = 0;  // members that wait in this phase
  std::atomic<unsigned> phase_ = 0;
  const Task* task_ = nullptr;  // null sends the members home
  std::vector<std::jthread> others_;
};

}  // namespace picovae::tools
