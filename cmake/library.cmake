# SPDX-License-Identifier: Apache-2.0 OR MIT
# The libraries: targets, packages for CMake, packages for pkg-config.

# wasmsig_add_library(NAME SOURCE...): the library libNAME, shared or static by
# WASMSIG_SHARED. The target is NAME with _ for each -. A shared library also
# has a static one, NAME_static, for programs of this project that use functions
# that a shared library hides. Otherwise both are the same. Public headers are in
# include/ of the folder that calls this.
function(wasmsig_add_library NAME)
  string(REPLACE - _ target ${NAME})
  if(WASMSIG_SHARED)
    add_library(${target} SHARED ${ARGN})
  else()
    add_library(${target} STATIC ${ARGN})
  endif()
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${NAME}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}
    INSTALL_RPATH $ORIGIN)
  wasmsig_set_up_library(${target})
  if(WASMSIG_SHARED)
    add_library(${target}_static STATIC EXCLUDE_FROM_ALL ${ARGN})
    wasmsig_set_up_library(${target}_static)
  else()
    add_library(${target}_static ALIAS ${target})
  endif()
endfunction()

function(wasmsig_set_up_library target)
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/base/include>
           $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:wasmsig_options>)
endfunction()

# wasmsig_link_library(NAME VISIBILITY ITEM...): target_link_libraries() for the
# library and, where that is another target, for its static one.
function(wasmsig_link_library NAME)
  string(REPLACE - _ target ${NAME})
  target_link_libraries(${target} ${ARGN})
  if(TARGET ${target}_static AND WASMSIG_SHARED)
    target_link_libraries(${target}_static ${ARGN})
  endif()
endfunction()

# wasmsig_add_adapter(ENGINE DESCRIPTION SOURCE...): the library
# libwasmsig-ENGINE. The embedder provides the engine: the library is compiled
# against its headers, and programs of this project link it.
function(wasmsig_add_adapter ENGINE DESCRIPTION)
  set(target wasmsig_${ENGINE})
  set(engine wasmsig_engine_${ENGINE})
  wasmsig_add_library(wasmsig-${ENGINE} ${ARGN})
  wasmsig_link_library(wasmsig-${ENGINE}
    PUBLIC wasmsig wasmsig_module
    INTERFACE $<BUILD_INTERFACE:${engine}>)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_include_directories(${target} SYSTEM PRIVATE
    $<TARGET_PROPERTY:${engine},INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(${target} PRIVATE
    $<TARGET_PROPERTY:${engine},INTERFACE_COMPILE_DEFINITIONS>)
  wasmsig_install_library(wasmsig-${ENGINE} "${DESCRIPTION}"
    REQUIRES wasmsig wasmsig-module)
endfunction()

# wasmsig_install_library(NAME DESCRIPTION [REQUIRES PACKAGE...] [LIBS FLAG...])
# installs the library, its headers, and the files for find_package() and
# pkg-config. libwasmsig-x is the component x and the target wasmsig::x. In
# packages a shared library is in the component library, the rest of it in the
# component development; the command and what it needs are in command.
function(wasmsig_install_library NAME DESCRIPTION)
  cmake_parse_arguments(PARSE_ARGV 2 PC "" "" "REQUIRES;LIBS")
  string(REPLACE - _ target ${NAME})
  string(REGEX REPLACE "^wasmsig-" "" component ${NAME})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${component})
  add_library(wasmsig::${component} ALIAS ${target})
  if(NOT WASMSIG_INSTALL)
    return()
  endif()
  add_dependencies(wasmsig_installed ${target})

  install(TARGETS ${target} EXPORT ${NAME}
    LIBRARY COMPONENT library NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    install(DIRECTORY include/wasmsig DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
      COMPONENT development)
  endif()
  install(EXPORT ${NAME} NAMESPACE wasmsig:: FILE ${NAME}-targets.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/wasmsig COMPONENT development)

  list(JOIN PC_REQUIRES " " PC_REQUIRES)
  list(JOIN PC_LIBS " " PC_LIBS)
  file(RELATIVE_PATH PC_PREFIX
    "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  configure_file(${PROJECT_SOURCE_DIR}/cmake/wasmsig.pc.in
    ${PROJECT_BINARY_DIR}/${NAME}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${NAME}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# wasmsig_install_package(): the files that find_package(wasmsig) reads.
function(wasmsig_install_package)
  include(CMakePackageConfigHelpers)
  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/wasmsig)
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/wasmsigConfig.cmake.in
    ${PROJECT_BINARY_DIR}/wasmsigConfig.cmake INSTALL_DESTINATION ${folder})
  write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/wasmsigConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES
    ${PROJECT_BINARY_DIR}/wasmsigConfig.cmake
    ${PROJECT_BINARY_DIR}/wasmsigConfigVersion.cmake
    DESTINATION ${folder} COMPONENT development)
endfunction()
