# Bare-metal Arm with GCC. CMakeLists.txt shows how to call it.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # there is no C library to link a program with

set(PICOVAE_ARCHITECTURE arm)  # the folder of start-up code and clocks

function(picovae_core_flags variable core)
  set(${variable} -mcpu=${core} -mthumb PARENT_SCOPE)
endfunction()

# Folders of C++ headers for flags of a core: GCC needs none.
function(picovae_core_headers variable)
  set(${variable} "" PARENT_SCOPE)
endfunction()
