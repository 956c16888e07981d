// A plugin of qemu-user 7 that counts the guest's instructions and writes the count to standard
// output each time the guest calls getppid (count_decodes.cpp, ports/linux/decodes.cpp):
//   qemu-aarch64 -plugin ./count_instructions.so ./count_decodes
// Debian has no package with qemu-plugin.h: what is used of it is declared here, by qemu's
// documentation.
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t Id;
struct qemu_plugin_tb;  // straight-line code, translated as one block

void qemu_plugin_register_vcpu_tb_trans_cb(Id id, void (*call)(Id, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb* block, int operation, void* at,
                                              uint64_t value);
void qemu_plugin_register_vcpu_syscall_cb(Id id,
                                          void (*call)(Id, unsigned, int64_t, uint64_t, uint64_t,
                                                       uint64_t, uint64_t, uint64_t, uint64_t,
                                                       uint64_t, uint64_t));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);

enum { kAdd = 0, kGetppid = 173 };  // of 64-bit Arm and RISC-V

static uint64_t count;

static void translated(Id id, struct qemu_plugin_tb* block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, kAdd, &count, qemu_plugin_tb_n_insns(block));
}

static void called(Id id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
                   uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)id, (void)cpu, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7;
  (void)a8;
  if (number != kGetppid) return;
  char text[32];
  const int length = snprintf(text, sizeof text, " %" PRIu64, count);
  if (write(STDOUT_FILENO, text, (size_t)length) != length) _exit(1);
}

EXPORT int qemu_plugin_version = 1;

// The other parameters describe qemu and the plugin's arguments (none).
EXPORT int qemu_plugin_install(Id id, const void* info, int argc, char** argv) {
  (void)info, (void)argc, (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  return 0;
}
