# The engine for another system, in a project of its own: optimized unless it is told otherwise, and with the headers of
# the host's xsimd.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/header_only.cmake)
header_only(xsimd xsimd xsimd)
add_subdirectory(${CMAKE_CURRENT_LIST_DIR}/../../engine engine)
