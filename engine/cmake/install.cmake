# What is installed besides the picovae program: library, headers, packages for CMake and pkg-config, a model and
# documents.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS picovae EXPORT picovaeTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES models/mnist_s8.pvae DESTINATION ${CMAKE_INSTALL_DATADIR}/picovae)
install(FILES FORMAT.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/picovae)
install(FILES ../LICENSE ../README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/picovae
        OPTIONAL)  # if there is nothing but this folder

# find_package(picovae)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/picovae)
install(EXPORT picovaeTargets NAMESPACE picovae:: DESTINATION ${package_folder})
configure_package_config_file(cmake/picovaeConfig.cmake.in picovaeConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(picovaeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/picovaeConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/picovaeConfigVersion.cmake DESTINATION ${package_folder})

# pkg-config picovae: folders relative to its own, so that what is installed can be moved, unless they are absolute.
set(pc_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH pc_prefix /${pc_folder} /)
  set(pc_prefix "\${pcfiledir}/${pc_prefix}")
endif()
foreach(kind IN ITEMS INCLUDEDIR LIBDIR)
  set(pc_${kind} ${CMAKE_INSTALL_${kind}})
  if(NOT IS_ABSOLUTE ${pc_${kind}})
    set(pc_${kind} "\${prefix}/${pc_${kind}}")
  endif()
endforeach()
get_target_property(pc_type picovae TYPE)
set(pc_more_libraries -lm)
if(pc_type STREQUAL SHARED_LIBRARY)
  set(pc_more_libraries "")
endif()
configure_file(cmake/picovae.pc.in picovae.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/picovae.pc DESTINATION ${pc_folder})
