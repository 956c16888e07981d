# 32-bit x86 Linux with GCC. Without vectors: plain C++.
set(CMAKE_SYSTEM_PROCESSOR i686)
set(cross_triplet i686-linux-gnu)
set(cross_emulator qemu-i386)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
