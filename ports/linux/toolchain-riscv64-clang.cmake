# 64-bit RISC-V Linux with Clang 19, on the libraries and binutils of the GCC cross toolchain: Debian's GCC and its default
# Clang do not know vectors.
include(${CMAKE_CURRENT_LIST_DIR}/toolchain-riscv64.cmake)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_C_COMPILER_TARGET ${cross_triplet})
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET ${cross_triplet})
set(CMAKE_AR ${cross_triplet}-ar)
set(CMAKE_RANLIB ${cross_triplet}-ranlib)
