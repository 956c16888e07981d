# The list of the host's instruction sets, and what is compiled once for each of them.
#
# picovae_isa(NAME TYPE [FLOATS ISA] [FUSED ISA] [BYTES ISA] [PAIRS] [HEADER NAME] [S8 FILE] [FLAGS flags...])
#   NAME    as users see it: PICOVAE_ISA=NAME, and a namespace in C++
#   TYPE    the struct in engine/src/host/isa/HEADER.hpp (HEADER is NAME unless given); also Isa::kTYPE and
#           kTYPEKernels in picovae/kernels.hpp
#   FLOATS  the ISA whose f32 kernels it shares, if they are the same; scalar: plain C++'s
#   FUSED   the ISA that trains for it, if its own multiply-add rounds twice
#   BYTES   the ISA whose s8 kernels it shares
#   S8      the source in engine/src/host with its s8 layers, if its vectors have no size at compile time. Then there is
#           no struct, and no probe of the benchmarks either
#   PAIRS   its bf16 layers are dot products of bf16 (dense_bf16.cpp), which f32 arithmetic has not: nothing takes
#           this ISA unasked
# Best first. select.cpp says which of them a processor runs. Plain C++ (scalar.cpp) comes after the last.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
if(NOT TARGET xsimd)
  picovae_require(xsimd build)
endif()

set(PICOVAE_ONLY_ISAS "" CACHE STRING "Kernels of these ISAs alone, as avx2 (for experiments)")
set(PICOVAE_ISAS "")
macro(picovae_isa name type)
  cmake_parse_arguments(isa "PAIRS" "FLOATS;FUSED;BYTES;HEADER;S8" "FLAGS" ${ARGN})
  if(NOT PICOVAE_ONLY_ISAS OR "${name}" IN_LIST PICOVAE_ONLY_ISAS)
    list(APPEND PICOVAE_ISAS ${name})
  endif()
  set(PICOVAE_ISA_TYPE_${name} ${type})
  set(PICOVAE_ISA_FLAGS_${name} ${isa_FLAGS})
  set(PICOVAE_ISA_S8_${name} "${isa_S8}")
  foreach(part FLOATS BYTES HEADER)
    set(PICOVAE_ISA_${part}_${name} ${name})
    if(isa_${part})
      set(PICOVAE_ISA_${part}_${name} ${isa_${part}})
    endif()
  endforeach()
  set(PICOVAE_ISA_FUSED_${name} ${PICOVAE_ISA_FLOATS_${name}})
  if(isa_FUSED)
    set(PICOVAE_ISA_FUSED_${name} ${isa_FUSED})
  endif()
  set(PICOVAE_ISA_PAIRS_${name} "")
  if(isa_PAIRS)
    set(PICOVAE_ISA_PAIRS_${name} ${name})
  endif()
endmacro()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(avx2 -mavx2 -mfma -mf16c)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND avx512 -Wno-maybe-uninitialized)  # GCC 12's own headers cause it (GCC bug 105593)
  endif()
  set(has_avx ON)
  if(MINGW AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Windows aligns the stack to 16 bytes, and GCC spills wider registers to it by moves that fault unless it is
    # aligned as they are (GCC bug 54412). So the assembler makes all of these moves unaligned ones; no other AVX
    # instruction here asks for alignment. Without an assembler that does (binutils 2.38) there are no such kernels.
    # With -flto the linker would assemble, without the option.
    include(CheckCXXCompilerFlag)
    set(unaligned -Wa,-muse-unaligned-vector-move)
    check_cxx_compiler_flag(${unaligned} PICOVAE_UNALIGNED_MOVES)
    set(has_avx ${PICOVAE_UNALIGNED_MOVES})
    list(APPEND avx2 ${unaligned} -fno-lto)
    list(APPEND avx512 ${unaligned} -fno-lto)
  endif()
  if(has_avx)
    picovae_isa(avx512bf16 Avx512Bf16 FLOATS avx512 BYTES avx512vnni PAIRS HEADER avx512
                FLAGS ${avx512} -mavx512vnni -mavx512bf16)
    picovae_isa(avx512vnni Avx512Vnni FLOATS avx512 HEADER avx512 FLAGS ${avx512} -mavx512vnni)
    picovae_isa(avx512 Avx512 FLAGS ${avx512})
    picovae_isa(avxvnni AvxVnni FLOATS avx2 HEADER avx2 FLAGS ${avx2} -mavxvnni)
    picovae_isa(avx2 Avx2 FLAGS ${avx2})
  endif()
  picovae_isa(sse2 Sse2 FUSED sse2fma)
  picovae_isa(sse2fma Sse2Fma BYTES sse2 HEADER sse2)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC would move the loads of a tile so far ahead that it runs out of registers.
    set(neon -fno-schedule-insns)
  endif()
  if(CMAKE_SYSTEM_NAME MATCHES "^(Linux|Android)$")  # which says how long vectors are
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_FLAGS -march=armv8.2-a+sve)
    check_cxx_source_compiles("#include <arm_sve.h>
      int main() { return svcntb() == 0; }" PICOVAE_ARM_SVE)
    unset(CMAKE_REQUIRED_FLAGS)
    if(PICOVAE_ARM_SVE)
      picovae_isa(sve Sve FLOATS neon S8 dense_s8_sve.cpp FLAGS ${neon} -march=armv8.2-a+sve)
    endif()
  endif()
  picovae_isa(i8mm I8mm FLOATS neon FLAGS ${neon} -march=armv8.2-a+dotprod+i8mm)
  picovae_isa(sdot Sdot FLOATS neon FLAGS ${neon} -march=armv8.2-a+dotprod)
  picovae_isa(neon Neon HEADER neon64 FLAGS ${neon})
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm")
  picovae_isa(neon Neon HEADER neon32 FLAGS -march=armv7-a+neon-vfpv4 -mfpu=neon-vfpv4 -mfp16-format=ieee)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "wasm32")
  # Nothing here multiplies and adds in one rounding, so floats are plain C++'s.
  picovae_isa(simd128 Simd128 FLOATS scalar FLAGS -msimd128)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "riscv64")
  # Functions for vectors, as they are since clang 17 and GCC 14.
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS -march=rv64gcv)
  check_cxx_source_compiles("#include <riscv_vector.h>
    #if __riscv_v_intrinsic < 12000
    #error older
    #endif
    int main() { return 0; }" PICOVAE_RISCV_VECTORS)
  unset(CMAKE_REQUIRED_FLAGS)
  if(PICOVAE_RISCV_VECTORS)
    picovae_isa(rvv Rvv FLOATS scalar S8 dense_s8_rvv.cpp FLAGS -march=rv64gcv)
  endif()
endif()

# The list for C++, as picovae_isas.hpp.
set(PICOVAE_GENERATED ${picovae_engine_BINARY_DIR}/generated)
set(lines "")
set(structs "")
foreach(isa IN LISTS PICOVAE_ISAS)
  foreach(part FLOATS FUSED BYTES)
    set(other ${PICOVAE_ISA_${part}_${isa}})
    if(NOT other STREQUAL scalar AND NOT other IN_LIST PICOVAE_ISAS)
      message(FATAL_ERROR "PICOVAE_ONLY_ISAS: ${isa} shares kernels of ${other}; name that as well")
    endif()
  endforeach()
  set(floats ${PICOVAE_ISA_FLOATS_${isa}})
  set(bf16 ${floats})
  if(PICOVAE_ISA_PAIRS_${isa})
    set(bf16 ${isa})
  endif()
  set(line " \\\n  X(${isa}, ${PICOVAE_ISA_TYPE_${isa}}, ${floats}, ${PICOVAE_ISA_FUSED_${isa}}, ${bf16}, ${PICOVAE_ISA_BYTES_${isa}})")
  string(APPEND lines "${line}")
  if(NOT PICOVAE_ISA_S8_${isa})
    string(APPEND structs "${line}")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${PICOVAE_GENERATED}/picovae_isas.hpp CONTENT
"// Written by engine/cmake/isa.cmake: the host's ISAs, best first, without the scalar reference.
//   X(name, Type, and the names of the ISAs whose kernels it has for f32, for training, for bf16 and for s8)
#pragma once
#define PICOVAE_FOR_EACH_ISA(X)${lines}
// Those with a struct.
#define PICOVAE_FOR_EACH_STRUCT(X)${structs}
" @ONLY)

# picovae_per_isa(target source [FLOATS|FUSED|BYTES|PAIRS]): adds `source` to `target` once for each ISA, with one of these
# words only for those with such kernels of their own, without one only for those with a struct. It sees PICOVAE_ISA
# (the name; PICOVAE_ISA_NAME as a string), PICOVAE_ISA_ID (of enum Isa), PICOVAE_ISA_TYPE and that type's header.
# It is optimized in every build type: an unoptimized kernel is of no use, and may export code of its ISA in weak
# symbols.
function(picovae_per_isa target source)
  get_filename_component(source ${source} ABSOLUTE)
  get_filename_component(stem ${source} NAME_WE)
  foreach(isa IN LISTS PICOVAE_ISAS)
    if(ARGN AND NOT isa STREQUAL PICOVAE_ISA_${ARGN}_${isa})
      continue()
    endif()
    set(header "#include \"host/isa/${PICOVAE_ISA_HEADER_${isa}}.hpp\"")
    set(its_source ${source})
    if(PICOVAE_ISA_S8_${isa})
      if(NOT "${ARGN}" STREQUAL BYTES)
        continue()
      endif()
      set(header "")
      set(its_source ${picovae_engine_SOURCE_DIR}/src/host/${PICOVAE_ISA_S8_${isa}})
    endif()
    set(file ${PICOVAE_GENERATED}/${stem}_${isa}.cpp)
    file(CONFIGURE OUTPUT ${file} CONTENT
"#define PICOVAE_ISA ${isa}
#define PICOVAE_ISA_NAME \"${isa}\"
#define PICOVAE_ISA_ID Isa::k${PICOVAE_ISA_TYPE_${isa}}
#define PICOVAE_ISA_TYPE ${PICOVAE_ISA_TYPE_${isa}}
${header}
#include \"${its_source}\"  // NOLINT(bugprone-suspicious-include)
" @ONLY)
    set_source_files_properties(${file} TARGET_DIRECTORY ${target} PROPERTIES
      COMPILE_OPTIONS "${PICOVAE_ISA_FLAGS_${isa}};-ffp-contract=off;${PICOVAE_KERNEL_OPT}"
      SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
    target_sources(${target} PRIVATE ${file})
  endforeach()
  target_include_directories(${target} PRIVATE ${PICOVAE_GENERATED})
  target_include_directories(${target} SYSTEM PRIVATE $<TARGET_PROPERTY:xsimd,INTERFACE_INCLUDE_DIRECTORIES>)
endfunction()
