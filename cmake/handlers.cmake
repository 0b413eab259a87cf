# SPDX-License-Identifier: Apache-2.0 OR MIT
# wasmsig_check_handlers(TARGET PART OBJECTS): the build of TARGET fails if code
# for signal handlers, of PART's files in scripts/check-handler-symbols, calls
# what it must not.
function(wasmsig_check_handlers target part objects)
  set(groups)
  if(WASMSIG_SANITIZE)
    list(APPEND groups --with sanitizer)
  endif()
  if(WASMSIG_DELAYS)
    list(APPEND groups --with delays)
  endif()
  if(CMAKE_C_FLAGS MATCHES "--coverage")
    list(APPEND groups --with coverage)
  endif()
  if(NOT WASMSIG_HAS_GLIBC)
    list(APPEND groups --with musl)
  endif()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E env NM=${CMAKE_NM}
      ${PROJECT_SOURCE_DIR}/scripts/check-handler-symbols
      --of ${part} ${groups} ${objects}
    COMMAND_EXPAND_LISTS VERBATIM)
endfunction()
