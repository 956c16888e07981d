# PICOVAE_SHAPE, the shape of picovae.h. What cannot be one is refused here, before a compiler has a hundred lines to
# say about it.
set(PICOVAE_SHAPE "784,300,300,50" CACHE STRING "Shape of picovae.h: pixels,hidden1,hidden2,latent, or pixels,hidden,latent")

set(size "([1-9][0-9]*)")
set(in_range OFF)
if("${PICOVAE_SHAPE}" MATCHES "^${size},${size}(,${size})?,${size}$")
  set(in_range ON)
  string(REPLACE "," ";" numbers "${PICOVAE_SHAPE}")
  foreach(number IN LISTS numbers ITEMS "${CMAKE_MATCH_5} * 2")
    string(LENGTH "${number}" digits)
    if(digits GREATER 8)  # beyond what math() reads
      set(in_range OFF)
      break()
    endif()
    math(EXPR number "${number}")
    if(number GREATER 4096)
      set(in_range OFF)
    endif()
  endforeach()
endif()
if(NOT in_range)
  message(FATAL_ERROR "PICOVAE_SHAPE is '${PICOVAE_SHAPE}': want whole numbers as 784,300,300,50, or"
                      " 784,400,20 of one hidden layer, of 1 to 4096, the last one to 2048")
endif()
