# WebAssembly with Debian's Clang, its linker, and the headers of wasi-libc and libc++.
set(CMAKE_SYSTEM_NAME Generic)  # CMake 3.25 does not know WASI
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # a module has no main
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
