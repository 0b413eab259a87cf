# SPDX-License-Identifier: Apache-2.0 OR MIT
# wasmsig_require_glibc(TARGET VERSION): the shared library TARGET is loaded by
# glibc VERSION and later, whichever version it is linked with, and requires no
# other library. (The runtime of a sanitizer requires newer ones.)

# The functions that moved into libc.so.6, with the version of the first glibc
# for the processor.
function(wasmsig_add_old_glibc name suffix)
  if(TARGET wasmsig_old_${name})
    return()
  endif()
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    set(first GLIBC_2.2.5)
  else()
    set(first GLIBC_2.17)
  endif()
  set(folder ${PROJECT_BINARY_DIR}/old_glibc)
  file(WRITE ${folder}/versions "${first} { global: *; };\n")
  add_library(wasmsig_old_${name} SHARED ${PROJECT_SOURCE_DIR}/cmake/old_glibc.c)
  set_target_properties(wasmsig_old_${name} PROPERTIES
    OUTPUT_NAME ${name} SUFFIX ${suffix} LIBRARY_OUTPUT_DIRECTORY ${folder})
  string(TOUPPER OLD_LIB${name} this)
  target_compile_definitions(wasmsig_old_${name} PRIVATE ${this})
  target_compile_options(wasmsig_old_${name} PRIVATE -fno-builtin)
  target_link_options(wasmsig_old_${name} PRIVATE -nostdlib
    -Wl,--version-script=${folder}/versions)
endfunction()

function(wasmsig_link_old_glibc target)
  wasmsig_add_old_glibc(dl .so.2)
  wasmsig_add_old_glibc(pthread .so.0)
  foreach(name dl pthread)
    add_dependencies(${target} wasmsig_old_${name})
    # As an option: by a name CMake would let the linker search for it.
    target_link_libraries(${target} PRIVATE
      "-Wl,--push-state,--no-as-needed,\"$<TARGET_FILE:wasmsig_old_${name}>\",--pop-state")
  endforeach()
endfunction()

function(wasmsig_require_glibc target version)
  if(NOT WASMSIG_HAS_GLIBC OR WASMSIG_SANITIZE)
    return()
  endif()
  if(NOT WASMSIG_TARGET) # zig links with the version that the target names
    wasmsig_link_old_glibc(${target})
  endif()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E env OBJDUMP=${CMAKE_OBJDUMP}
      ${PROJECT_SOURCE_DIR}/scripts/check-glibc ${version}
      $<TARGET_FILE:${target}>
    VERBATIM)
endfunction()
