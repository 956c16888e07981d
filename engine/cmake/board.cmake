# picovae::board: the engine for firmware, as sources that each target which links it compiles with its own flags.
#
#   add_subdirectory(picovae/engine)
#   target_link_libraries(firmware PRIVATE picovae::board)
#   target_compile_definitions(firmware PRIVATE PICOVAE_SHAPE=784,300,300,50)  # of picovae.h; without it this one
#
# Needs nothing but a compiler of C++17. Kernels of other cores are empty files.
set(PICOVAE_ONLY_LAYOUT kCortexM CACHE STRING "The layout of the firmware's models: kCortexM, or kMve for M55 and M85")

set(picovae_engine ${CMAKE_CURRENT_LIST_DIR}/..)
cmake_path(NORMAL_PATH picovae_engine)
file(GLOB picovae_sources CONFIGURE_DEPENDS ${picovae_engine}src/*.cpp ${picovae_engine}src/board/*.cpp)
add_library(picovae_board INTERFACE)
add_library(picovae::board ALIAS picovae_board)
target_sources(picovae_board INTERFACE ${picovae_sources})
target_include_directories(picovae_board INTERFACE ${picovae_engine}include ${picovae_engine}src)
target_compile_definitions(picovae_board INTERFACE PICOVAE_ONLY_LAYOUT=${PICOVAE_ONLY_LAYOUT})
target_compile_features(picovae_board INTERFACE $<$<BOOL:$<CXX_COMPILER_ID>>:cxx_std_17>)
