// Keeps a training run in a checkpoint, so that it survives the end of the process.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tools/base/lock.hpp"
#include "tools/data/dataset.hpp"
#include "tools/train/recipe.hpp"
#include "tools/train/trainer.hpp"

namespace picovae::tools {

// What must stay the same when a run is resumed: the recipe and the data, not the machine.
Settings settings_of_run(const Recipe& recipe, const Dimensions& dimensions, const Dataset& data,
                         std::size_t validation);

// The files that keep a run: the checkpoint, which is `checkpoint` or else out.checkpoint, and the
// lock beside it. None if the run is kept nowhere: if the checkpoint is a stream such as /dev/null,
// or none is named and the model goes to a stream.
std::vector<std::filesystem::path> checkpoint_files(const std::filesystem::path& checkpoint,
                                                    const std::filesystem::path& out);

class RunKeeper {
 public:
  // Chooses the file as checkpoint_files() says. From here on the first SIGINT or SIGTERM is only
  // noted, unless it was ignored; the next one ends the process. One RunKeeper exists at a time.
  // Fails if the file cannot be written, if another process keeps a run in it, if there is none to
  // resume, or if a run that is not to be resumed would be overwritten.
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

  // Removes the checkpoint, as the model is written, and lets others keep theirs there.
  void finish();

  bool resumes() const { return resume_; }

 private:
  class StopSignals;

  std::filesystem::path path_;  // empty: nothing is kept
  std::unique_ptr<FileLock> lock_;
  bool resume_;
  Settings settings_;
  std::unique_ptr<StopSignals> signals_;
};

}  // namespace picovae::tools
