# picovae_require(CMAKE_PACKAGE debian-package): find_package that says, for everything that is missing at
# once, what it is called in Debian. Call picovae_report_missing() after the last one.
macro(picovae_require package debian)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND PICOVAE_MISSING ${debian})
  endif()
endmacro()

macro(picovae_report_missing)
  if(PICOVAE_MISSING)
    list(JOIN PICOVAE_MISSING " " missing)
    message(FATAL_ERROR "Missing libraries. On Debian: apt-get install ${missing}")
  endif()
endmacro()
