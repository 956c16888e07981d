# 32-bit Arm Linux with GCC.
set(CMAKE_SYSTEM_PROCESSOR armv7)
set(cross_triplet arm-linux-gnueabihf)
set(cross_emulator qemu-arm)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
