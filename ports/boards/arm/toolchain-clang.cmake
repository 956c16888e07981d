# Bare-metal Arm with Clang for C++. Assembler, linker and the headers of the C++ library are GCC's.
include(${CMAKE_CURRENT_LIST_DIR}/../headers.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_CXX_COMPILER_TARGET arm-none-eabi)
set(CMAKE_CXX_FLAGS_INIT -fshort-enums)  # as GCC's library is built
set(CMAKE_CXX_LINK_EXECUTABLE
    "arm-none-eabi-g++ <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")

function(picovae_core_headers variable)
  picovae_headers_of_gcc(headers ${ARGN})
  set(${variable} ${headers} PARENT_SCOPE)
endfunction()
