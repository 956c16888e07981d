// Keeps a training run in a checkpoint, so that it survives whatever ends the process.
#pragma once

#include <filesystem>
#include <string>

#include "tools/commands/command.hpp"
#include "tools/commands/stop_signals.hpp"
#include "tools/train/checkpoint.hpp"
#include "tools/train/trainer.hpp"

namespace picovae::tools {

struct CheckpointOptions {
  std::filesystem::path path;  // empty: beside the model
  bool resume = false;
};

// --checkpoint FILE, --resume.
void add_checkpoint_options(const Command& command, CheckpointOptions& options);

class RunKeeper {
 public:
  // Finds out where the checkpoint is to be: a device, such as /dev/null, and any at all where the
  // model goes to one, keeps nothing. Fails where no file could be written there, and where there
  // is none to resume, or without --resume one that this run would overwrite.
  RunKeeper(const CheckpointOptions& options, const std::filesystem::path& out);

  // Has the trainer stand where the checkpoint says, or writes the first one. Returns the log so
  // far. Fails where the settings are not those of the checkpoint.
  std::string start(Trainer& trainer, const Settings& settings, std::string new_log);

  // Replaces the checkpoint; between epochs, or where run_epoch() was left.
  void save(const Trainer& trainer, const std::string& log) const;

  // After a step: throws Interrupted where SIGINT or SIGTERM came. The caller saves.
  void check_signals() const;

  // Ends of messages, empty where nothing is kept: where the run after so many epochs is, and that
  // of an epoch that was left.
  std::string kept(int epochs) const;
  std::string kept_in_epoch() const;

  // Removes the checkpoint: the model is written.
  void finish() const;

  bool resumes() const { return resume_; }

 private:
  std::filesystem::path path_;  // empty: nothing is kept
  bool resume_;
  Settings settings_;
  StopSignals signals_;
};

}  // namespace picovae::tools
