# SPDX-License-Identifier: Apache-2.0 OR MIT
# For CPack: a package of Debian from the folder STAGE, which becomes /usr.
# scripts/dist/deb sets these in the environment.
foreach(variable STAGE NAME VERSION ARCHITECTURE MAINTAINER)
  set(${variable} "$ENV{${variable}}")
endforeach()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ${NAME})
set(CPACK_PACKAGE_VERSION ${VERSION})
set(CPACK_PACKAGE_FILE_NAME ${NAME}_${VERSION}_${ARCHITECTURE})
set(CPACK_INSTALLED_DIRECTORIES "${STAGE};/usr")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_TOPLEVEL_TAG deb)
set(CPACK_INCLUDE_TOPLEVEL_DIRECTORY OFF)
set(CPACK_SET_DESTDIR OFF)

set(CPACK_DEBIAN_FILE_NAME ${CPACK_PACKAGE_FILE_NAME}.deb)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${ARCHITECTURE})
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${MAINTAINER}")
set(CPACK_PACKAGE_VENDOR wasmsig)
set(CPACK_PACKAGE_DESCRIPTION
  "In the middle of its loop, a guest receives SIGXCPU before its CPU time ends,
and other signals of its host. A guest that ignores a limit is stopped.")
if(NAME STREQUAL "wasmsig")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "run WebAssembly programs with signals and CPU limits")
  set(CPACK_DEBIAN_PACKAGE_SECTION utils)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.28), libgcc-s1 (>= 3.0)")
else()
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "signals and CPU limits for WebAssembly: libraries for C")
  set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6-dev")
  set(CPACK_DEBIAN_PACKAGE_SUGGESTS "wasmsig, clang, lld, wasi-libc, pkg-config")
endif()
