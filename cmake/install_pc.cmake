# SPDX-License-Identifier: Apache-2.0 OR MIT
# Installs a pkg-config file, for the library of the same name:
# wasmsig_install_pc(NAME DESCRIPTION [REQUIRES PACKAGE...] [LIBS FLAG...])
function(wasmsig_install_pc PC_NAME PC_DESCRIPTION)
  cmake_parse_arguments(PARSE_ARGV 2 PC "" "" "REQUIRES;LIBS")
  list(JOIN PC_REQUIRES " " PC_REQUIRES)
  list(JOIN PC_LIBS " " PC_LIBS)
  string(REPLACE - _ PC_LIBRARY ${PC_NAME})
  file(RELATIVE_PATH PC_PREFIX
    "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  configure_file(${PROJECT_SOURCE_DIR}/cmake/wasmsig.pc.in
    ${PROJECT_BINARY_DIR}/${PC_NAME}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${PC_NAME}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
