// Loaded before the C library (LD_PRELOAD), writes down what a program does to files: a line a call
// that succeeded, its fields parted by tabs, bytes as hex. disk.py reads it. What is called on
// other ways, such as fopen, is missing, which test_power_cut.py finds out by comparing with the
// folder.
//   DISK_RECORD   the file to write to
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int out = -1;

static void put(const char* bytes, size_t size) {
  while (size != 0) {
    const long count = syscall(SYS_write, out, bytes, size);
    if (count < 0) abort();  // a record with gaps would prove nothing
    bytes += count;
    size -= (size_t)count;
  }
}

static void record(const char* format, ...) {
  char line[8192];
  const int old_error = errno;
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (size < 0 || (size_t)size >= sizeof line) abort();
  if (out >= 0) put(line, (size_t)size);
  errno = old_error;
}

static void record_bytes(int descriptor, const unsigned char* bytes, size_t size) {
  static const char digits[] = "0123456789abcdef";
  char* text = malloc(2 * size + 1);
  if (text == NULL) abort();
  for (size_t i = 0; i < size; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  text[2 * size] = '\n';
  record("write\t%d\t", descriptor);
  if (out >= 0) put(text, 2 * size + 1);
  free(text);
}

__attribute__((constructor)) static void start(void) {
  const char* path = getenv("DISK_RECORD");
  if (path == NULL) return;
  const int low =
      (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  out = fcntl(low, F_DUPFD_CLOEXEC, 500);  // where the program expects none
  if (out < 0) abort();
  syscall(SYS_close, low);
  unsetenv("LD_PRELOAD");  // what the program starts, such as gnuplot, is not its own
}

// CALL(name, (parameters), (arguments), what is written down)
#define CALL(name, parameters, arguments, ...)                    \
  int name parameters {                                           \
    static int(*real) parameters;                                 \
    if (real == NULL) *(void**)(&real) = dlsym(RTLD_NEXT, #name); \
    const int result = real arguments;                            \
    if (result >= 0) record(__VA_ARGS__);                         \
    return result;                                                \
  }

// A new file's mode, as the kernel gives it.
static unsigned masked(mode_t mode) {
  const mode_t mask = umask(0);  // it cannot be read without being set
  umask(mask);
  return mode & ~mask;
}

static void record_open(int result, int folder, const char* path, int flags, mode_t mode) {
  if (result >= 0) record("open\t%d\t%d\t%s\t%d\t%o\n", result, folder, path, flags, masked(mode));
}

// The mode is there if a file may be created.
#define MODE(flags)              \
  mode_t mode = 0;               \
  if ((flags & O_CREAT) != 0) {  \
    va_list more;                \
    va_start(more, flags);       \
    mode = va_arg(more, mode_t); \
    va_end(more);                \
  }

#define OPEN(name)                                                            \
  int name(const char* path, int flags, ...) {                                \
    MODE(flags)                                                               \
    const int result = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode); \
    record_open(result, AT_FDCWD, path, flags, mode);                         \
    return result;                                                            \
  }

#define OPENAT(name)                                                        \
  int name(int folder, const char* path, int flags, ...) {                  \
    MODE(flags)                                                             \
    const int result = (int)syscall(SYS_openat, folder, path, flags, mode); \
    record_open(result, folder, path, flags, mode);                         \
    return result;                                                          \
  }

// The second names are those of 64-bit offsets, and what FORTIFY_SOURCE makes of calls without a
// mode.
OPEN(open)
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int descriptor, const void* bytes, size_t size) {
  const ssize_t count = syscall(SYS_write, descriptor, bytes, size);
  if (count > 0) record_bytes(descriptor, bytes, (size_t)count);
  return count;
}

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  ssize_t written = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t more = write(descriptor, parts[i].iov_base, parts[i].iov_len);
    if (more < 0) return written != 0 ? written : more;
    written += more;
    if ((size_t)more < parts[i].iov_len) break;
  }
  return written;
}

CALL(close, (int descriptor), (descriptor), "close\t%d\n", descriptor)
CALL(fsync, (int descriptor), (descriptor), "fsync\t%d\n", descriptor)
CALL(fdatasync, (int descriptor), (descriptor), "fsync\t%d\n", descriptor)
CALL(fchmod, (int descriptor, mode_t mode), (descriptor, mode), "fchmod\t%d\t%o\n", descriptor,
     mode)
CALL(ftruncate, (int descriptor, off_t size), (descriptor, size), "ftruncate\t%d\t%lld\n",
     descriptor, (long long)size)
CALL(ftruncate64, (int descriptor, off_t size), (descriptor, size), "ftruncate\t%d\t%lld\n",
     descriptor, (long long)size)

CALL(rename, (const char* from, const char* to), (from, to), "rename\t%s\t%s\n", from, to)
CALL(link, (const char* from, const char* to), (from, to), "link\t%s\t%s\n", from, to)
CALL(mkdir, (const char* path, mode_t mode), (path, mode), "mkdir\t%s\t%o\n", path, masked(mode))
CALL(unlink, (const char* path), (path), "unlink\t%d\t%s\n", AT_FDCWD, path)
CALL(rmdir, (const char* path), (path), "unlink\t%d\t%s\n", AT_FDCWD, path)
CALL(remove, (const char* path), (path), "unlink\t%d\t%s\n", AT_FDCWD, path)
CALL(unlinkat, (int folder, const char* path, int flags), (folder, path, flags), "unlink\t%d\t%s\n",
     folder, path)
