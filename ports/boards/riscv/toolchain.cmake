# Bare-metal RISC-V with GCC. Debian's has no C++ headers: those of its GCC for Arm have nothing of Arm in what the
# engine includes. CMakeLists.txt shows how to call it.
include(${CMAKE_CURRENT_LIST_DIR}/../headers.cmake)
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # there is no C library to link a program with

set(PICOVAE_ARCHITECTURE riscv)

function(picovae_core_flags variable core)
  set(${variable} -march=${core} PARENT_SCOPE)
endfunction()

function(picovae_core_headers variable)
  picovae_headers_of_gcc(headers)
  set(${variable} ${headers} PARENT_SCOPE)
endfunction()
