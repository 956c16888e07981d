#include "tools/train/run_keeper.hpp"

#include <fmt/core.h>

#include <csignal>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "picovae/crc32c.hpp"
#include "picovae/version.h"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/temporary.hpp"
#include "tools/format/shape_text.hpp"
#include "tools/train/checkpoint.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

// Empty: nothing is kept.
fs::path choose_path(const fs::path& checkpoint, const fs::path& out) {
  if (is_stream(checkpoint.empty() ? out : checkpoint, Access::kWrite)) return {};
  if (!checkpoint.empty()) return checkpoint;
  fs::path beside = out;
  beside += ".checkpoint";
  return beside;
}

fs::path lock_of(const fs::path& checkpoint) { return path_beside(checkpoint, ".lock"); }

// Fails if `path` holds a run, whose hours would be lost because --resume was forgotten.
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

volatile std::sig_atomic_t caught_signal = 0;

void note(int signal) { caught_signal = signal; }

// Notes the next `signal`, unless it is ignored (as under nohup). Returns the old action.
struct sigaction catch_once(int signal) {
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigemptyset(&action.sa_mask);  // a macro on some systems
  ::sigaction(signal, nullptr, &old);
  if (old.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  return old;
}

}  // namespace

std::vector<fs::path> checkpoint_files(const fs::path& checkpoint, const fs::path& out) {
  const fs::path path = choose_path(checkpoint, out);
  if (path.empty()) return {};
  return {path, lock_of(path)};
}

Settings settings_of_run(const Recipe& recipe, const Dimensions& d, const Dataset& data,
                         std::size_t validation) {
  Settings settings = settings_of(recipe);
  settings["version"] = PICOVAE_VERSION;
  settings["shape"] = shape_text(d, ",");
  settings["validation"] = fmt::format("{}", validation);
  std::uint32_t sum = 0;
  for (const LabeledImages* half : {&data.train, &data.test}) {
    sum = crc32c(std::as_bytes(std::span(half->images.pixels)), sum);
    sum = crc32c(std::as_bytes(std::span(half->labels)), sum);
  }
  settings["data"] = fmt::format("{} and {} images with checksum {:08x}", data.train.images.count,
                                 data.test.images.count, sum);
  return settings;
}

class RunKeeper::StopSignals {
 public:
  StopSignals() : old_interrupt_(start()), old_terminate_(catch_once(SIGTERM)) {}
  ~StopSignals() {
    ::sigaction(SIGINT, &old_interrupt_, nullptr);
    ::sigaction(SIGTERM, &old_terminate_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static struct sigaction start() {
    caught_signal = 0;
    return catch_once(SIGINT);
  }

  struct sigaction old_interrupt_;
  struct sigaction old_terminate_;
};

RunKeeper::RunKeeper(const fs::path& checkpoint, bool resume, const fs::path& out)
    : path_(choose_path(checkpoint, out)),
      resume_(resume),
      signals_(std::make_unique<StopSignals>()) {
  if (path_.empty()) {
    if (resume_) fail("--resume: a device keeps no checkpoint; give --checkpoint FILE");
    return;
  }
  check_writable(path_);
  lock_ = std::make_unique<FileLock>(lock_of(path_));
  if (!lock_->is_held()) {
    fail("{}: another training keeps its run there; wait for its end, or give another --checkpoint",
         path_.string());
  }
  if (!resume_) {
    check_unused(path_);
  } else if (!fs::exists(path_)) {
    fail("{}: there is no such checkpoint; the training is finished, or train without --resume",
         path_.string());
  }
}

RunKeeper::~RunKeeper() = default;

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
  if (const int signal = caught_signal; signal != 0) throw Interrupted(signal);
}

std::string RunKeeper::kept(int epochs) const {
  if (path_.empty()) return "";
  return fmt::format("; {} holds it after epoch {}", path_.string(), epochs);
}

std::string RunKeeper::kept_in_epoch() const {
  if (path_.empty()) return ", and kept nowhere";
  return fmt::format("; {} holds it up to here, --resume continues it", path_.string());
}

void RunKeeper::finish() {
  if (path_.empty()) return;
  const fs::path file = follow_links(path_);
  std::error_code error;
  fs::remove(file, error);
  if (error) fail("{}: cannot be removed: {}", path_.string(), error.message());
  lock_.reset();
  // Otherwise a power cut may bring the checkpoint back, and with it a training that has ended.
  if (const int unsynced = sync_folder(folder_of(file)); unsynced != 0) {
    fail("{}: cannot be removed: {}", path_.string(), reason(unsynced));
  }
}

}  // namespace picovae::tools
