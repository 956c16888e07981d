#include "tools/view/gnuplot.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

#include "tools/base/error.hpp"

extern "C" char** environ;  // POSIX has it in no header

namespace picovae::tools {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

[[noreturn]] void fail_from_system(const char* what, int error) {
  fail("gnuplot: {}: {}", what, std::generic_category().message(error));
}

// A file without a name; unlike with a pipe, neither side ever waits for the other.
File temporary_file() {
  File file(std::tmpfile());
  if (!file) fail_from_system("no temporary file", errno);
  return file;
}

std::vector<std::byte> content(std::FILE* file) {
  std::rewind(file);
  std::vector<std::byte> all;
  std::array<std::byte, 1U << 16> part;
  for (std::size_t size; (size = std::fread(part.data(), 1, part.size(), file)) != 0;) {
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return all;
}

// The line of gnuplot's message that says what is wrong; before it are the script's line and a ^.
std::string error_line(std::FILE* file) {
  const auto bytes = content(file);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t at = text.find("line ");
  const std::string_view from = at == std::string_view::npos ? text : text.substr(at);
  return std::string(from.substr(0, from.find('\n')));
}

int run(std::FILE* in, std::FILE* out, std::FILE* errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors), STDERR_FILENO);
  std::string program = "gnuplot";
  std::string no_settings = "-d";
  std::array<char*, 3> arguments = {program.data(), no_settings.data(), nullptr};
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) fail("gnuplot is not installed; run: apt-get install gnuplot-nox");
  if (error != 0) fail_from_system("cannot be started", error);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail_from_system("was lost", errno);
  }
  return status;
}

}  // namespace

std::vector<std::byte> run_gnuplot(std::string_view script) {
  const File in = temporary_file();
  const File out = temporary_file();
  const File errors = temporary_file();
  if (std::fwrite(script.data(), 1, script.size(), in.get()) != script.size() ||
      std::fflush(in.get()) != 0) {
    fail_from_system("the script cannot be written", errno);
  }
  std::rewind(in.get());
  if (run(in.get(), out.get(), errors.get()) != 0) {
    fail("gnuplot failed: {}", error_line(errors.get()));
  }
  return content(out.get());
}

}  // namespace picovae::tools
