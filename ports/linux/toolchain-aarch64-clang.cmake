# 64-bit Arm Linux with Clang, on the libraries and binutils of the GCC cross toolchain.
include(${CMAKE_CURRENT_LIST_DIR}/toolchain-aarch64.cmake)
set(CMAKE_C_COMPILER clang)
set(CMAKE_C_COMPILER_TARGET ${cross_triplet})
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_CXX_COMPILER_TARGET ${cross_triplet})
set(CMAKE_AR ${cross_triplet}-ar)
set(CMAKE_RANLIB ${cross_triplet}-ranlib)
