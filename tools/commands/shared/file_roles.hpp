// The files of a command: which of them it reads and writes, so that no file has two roles; and
// where it prints, so that data on standard output stays alone.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tools/base/file.hpp"

namespace picovae::tools {

// Where a command prints what it has to say, JSON too: standard output, or standard error if one of
// the command's files goes to standard output.
std::FILE* report_stream();

template <typename... Args>
void say(fmt::format_string<Args...> text, Args&&... args) {
  fmt::print(report_stream(), text, std::forward<Args>(args)...);
}

// What a command does with the files of an option.
struct FileRole {
  std::string name;  // "--out", "MODEL"
  Access access;
  std::function<std::vector<std::filesystem::path>()> files;
  std::function<bool()> given;      // by the user; else it is the default
  std::vector<std::string> may_be;  // names of options that may name the same file
};

// Before anything is written: throws Misuse if two roles are one file, by whatever names.
void check_files(const std::deque<FileRole>& roles);

// From here on report_stream() is the one for a command with these files.
void choose_report_stream(const std::deque<FileRole>& roles);

}  // namespace picovae::tools
