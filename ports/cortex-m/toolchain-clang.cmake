# Bare-metal Arm with Clang for C++. Assembler, linker and the headers of the C++ library are GCC's.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_CXX_COMPILER_TARGET arm-none-eabi)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # there is no C library to link a program with
set(CMAKE_CXX_FLAGS_INIT -fshort-enums)  # as GCC's library is built
set(CMAKE_CXX_LINK_EXECUTABLE
    "arm-none-eabi-g++ <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")

# The folders of the C++ headers that GCC has for a core and its flags.
function(picovae_core_headers variable)
  execute_process(COMMAND arm-none-eabi-g++ ${ARGN} -E -v -x c++ /dev/null
                  ERROR_VARIABLE output OUTPUT_QUIET)
  string(REGEX MATCHALL "\n [^\n]*c\\+\\+[^\n]*" folders "${output}")
  set(headers "")
  foreach(folder IN LISTS folders)
    string(STRIP "${folder}" folder)
    if(IS_DIRECTORY ${folder})
      list(APPEND headers ${folder})
    endif()
  endforeach()
  set(${variable} ${headers} PARENT_SCOPE)
endfunction()
