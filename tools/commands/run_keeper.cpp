#include "tools/commands/run_keeper.hpp"

#include <fmt/core.h>

#include <system_error>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

bool is_device(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

fs::path checkpoint_path(const CheckpointOptions& options, const fs::path& out) {
  if (is_device(options.path) || (options.path.empty() && is_device(out))) return {};
  if (!options.path.empty()) return options.path;
  fs::path beside = out;
  beside += ".checkpoint";
  return beside;
}

// A run of hours is not to be lost because --resume was forgotten.
void check_unused(const fs::path& path) {
  if (!fs::exists(path)) return;
  const Checkpoint old = load_checkpoint(path);
  const auto find = [&](const char* key) {
    const auto found = old.state.metadata.find(std::string("picovae.train.") + key);
    return found == old.state.metadata.end() ? "?" : found->second;
  };
  if (find("steps") == "0") return;
  fail("{}: holds a training that stopped after epoch {}; --resume it, or remove the file",
       path.string(), find("epochs"));
}

}  // namespace

void add_checkpoint_options(const Command& command, CheckpointOptions& options) {
  command
      .path("--checkpoint", options.path,
            "Where the run is kept after each epoch and when it is interrupted, until the "
            "model is written: OUT.checkpoint by default; /dev/null: nowhere")
      .type_name("FILE");
  command.flag("--resume", options.resume,
               "Go on from the checkpoint, with the options that the run began with");
}

RunKeeper::RunKeeper(const CheckpointOptions& options, const fs::path& out)
    : path_(checkpoint_path(options, out)), resume_(options.resume) {
  if (path_.empty()) {
    if (resume_) fail("--resume: a device keeps no checkpoint; give --checkpoint FILE");
    return;
  }
  if (path_.lexically_normal() == out.lexically_normal()) {
    fail("{}: --checkpoint and --out are the same file; give two", path_.string());
  }
  check_writable(path_);
  if (!resume_) {
    check_unused(path_);
  } else if (!fs::exists(path_)) {
    fail("{}: there is no such checkpoint; the training is finished, or train without --resume",
         path_.string());
  }
}

std::string RunKeeper::start(Trainer& trainer, const Settings& settings, std::string new_log) {
  settings_ = settings;
  if (!resume_) {
    save(trainer, new_log);  // finds out early whether there is room for it
    return new_log;
  }
  Checkpoint checkpoint = load_checkpoint(path_);
  require_same_settings(checkpoint, settings_, path_);
  trainer.restore(checkpoint.state, path_.string());
  return std::move(checkpoint.log);
}

void RunKeeper::save(const Trainer& trainer, const std::string& log) const {
  if (path_.empty()) return;
  save_checkpoint(path_, {settings_, log, trainer.state()}, trainer.network());
}

void RunKeeper::check_signals() const {
  if (const int signal = StopSignals::caught(); signal != 0) throw Interrupted(signal);
}

std::string RunKeeper::kept(int epochs) const {
  if (path_.empty()) return "";
  return fmt::format("; {} holds it after epoch {}", path_.string(), epochs);
}

std::string RunKeeper::kept_in_epoch() const {
  if (path_.empty()) return ", and kept nowhere";
  return fmt::format("; {} holds it up to here, --resume goes on", path_.string());
}

void RunKeeper::finish() const {
  std::error_code error;
  if (!path_.empty()) fs::remove(path_, error);
  if (error) fail("{}: cannot be removed: {}", path_.string(), error.message());
}

}  // namespace picovae::tools
