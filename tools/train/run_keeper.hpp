// Keeps a training run in a checkpoint, so that it survives the end of the process.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "picovae/kernels.hpp"
#include "tools/data/dataset.hpp"
#include "tools/train/recipe.hpp"
#include "tools/train/trainer.hpp"

namespace picovae::tools {

// What must stay the same when a run is resumed: the recipe, the data, and what it runs on.
Settings settings_of_run(const Recipe& recipe, const Dimensions& dimensions, const Kernels& kernels,
                         const Dataset& data, std::size_t validation);

class RunKeeper {
 public:
  // Chooses the file: `checkpoint`, or out.checkpoint if that is empty. A device such as /dev/null
  // keeps nothing, nor does a run whose model goes to a device and that names no checkpoint. From
  // here on the first SIGINT or SIGTERM is only noted, unless it was ignored; the next one ends the
  // process. One RunKeeper exists at a time.
  // Fails if the file cannot be written, if there is none to resume, or if a run that is not to be
  // resumed would be overwritten.
  RunKeeper(const std::filesystem::path& checkpoint, bool resume, const std::filesystem::path& out);
  ~RunKeeper();

  // Brings the trainer to the state of the checkpoint, or writes the first checkpoint. Returns the
  // log so far. Fails if the settings are not those of the checkpoint.
  std::string start(Trainer& trainer, const Settings& settings, std::string new_log);

  // Replaces the checkpoint: between epochs, or after run_epoch() was left by an exception.
  void save(const Trainer& trainer, const std::string& log) const;

  // Throws Interrupted if a signal came. The caller saves.
  void check_signals() const;

  // Ends of messages, empty if nothing is kept: the checkpoint holds the run after `epochs`, or up
  // to the middle of an epoch.
  std::string kept(int epochs) const;
  std::string kept_in_epoch() const;

  // Removes the checkpoint, as the model is written.
  void finish() const;

  bool resumes() const { return resume_; }

 private:
  class StopSignals;

  std::filesystem::path path_;  // empty: nothing is kept
  bool resume_;
  Settings settings_;
  std::unique_ptr<StopSignals> signals_;
};

}  // namespace picovae::tools
