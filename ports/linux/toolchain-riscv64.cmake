# 64-bit RISC-V Linux with GCC.
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(cross_triplet riscv64-linux-gnu)
set(cross_emulator qemu-riscv64)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
