# picovae_headers_of_gcc(variable [flags...]): the folders of the C++ headers that GCC for Arm has for some flags.
# Compilers that come without any take them.
function(picovae_headers_of_gcc variable)
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
