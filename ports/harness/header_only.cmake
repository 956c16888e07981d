# For builds for other systems, which find none of the host's packages.
set(PICOVAE_HEADERS /usr/include CACHE PATH "The folder of the host's header-only libraries")

# header_only(package target path [definitions...]): a package for find_package around one header-only library of the
# host. The library gets a folder with nothing else in it: the host's whole folder would hide the target's headers. If
# the library is missing, the project reports it.
function(header_only package target path)
  if(NOT EXISTS ${PICOVAE_HEADERS}/${path})
    return()
  endif()
  set(folder ${CMAKE_BINARY_DIR}/headers/${package})
  get_filename_component(name ${path} NAME)
  file(MAKE_DIRECTORY ${folder}/include)
  file(CREATE_LINK ${PICOVAE_HEADERS}/${path} ${folder}/include/${name} SYMBOLIC)
  file(WRITE ${folder}/${package}Config.cmake
    "add_library(${target} INTERFACE IMPORTED)\n"
    "target_include_directories(${target} INTERFACE ${folder}/include)\n"
    "target_compile_definitions(${target} INTERFACE ${ARGN})\n")
  set(${package}_DIR ${folder} PARENT_SCOPE)
endfunction()
