#include "tools/commands/shared/file_roles.hpp"

#include <algorithm>
#include <map>

#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

std::FILE* report = stdout;

// A file with its role.
struct Use {
  const FileRole* role;
  std::filesystem::path path;

  // "--checkpoint (by default)"
  std::string name() const { return role->name + (!role->given() ? " (by default)" : ""); }
};

// Whether one file cannot be both; a file may be read twice, but not a stream.
bool collide(const Use& a, const Use& b) {
  if (a.role == b.role) return false;
  const auto allows = [](const FileRole& role, const FileRole& other) {
    return std::find(role.may_be.begin(), role.may_be.end(), other.name) != role.may_be.end();
  };
  if (allows(*a.role, *b.role) || allows(*b.role, *a.role)) return false;
  const bool written = a.role->access == Access::kWrite || b.role->access == Access::kWrite;
  return written || is_stream(a.path, Access::kRead);
}

[[noreturn]] void refuse(const Use& a, const Use& b) {
  if (a.path == b.path) {
    throw Misuse(fmt::format("{} and {} are the same file, {}; give two", a.name(), b.name(),
                             a.path.string()));
  }
  throw Misuse(fmt::format("{}, {}, and {}, {}, are the same file; give two", a.name(),
                           a.path.string(), b.name(), b.path.string()));
}

}  // namespace

std::FILE* report_stream() { return report; }

void check_files(const std::deque<FileRole>& roles) {
  std::map<FileIdentity, std::vector<Use>> uses;
  for (const FileRole& role : roles) {
    for (const auto& path : role.files()) {
      if (path.empty()) continue;
      const auto identity = identify(path, role.access);
      if (!identity) continue;
      auto& others = uses[*identity];
      const Use use{&role, path};
      for (const Use& other : others) {
        if (collide(other, use)) refuse(other, use);
      }
      others.push_back(use);
    }
  }
}

void choose_report_stream(const std::deque<FileRole>& roles) {
  report = stdout;
  for (const FileRole& role : roles) {
    if (role.access != Access::kWrite) continue;
    for (const auto& path : role.files()) {
      if (is_standard_output(path)) report = stderr;
    }
  }
}

}  // namespace picovae::tools
