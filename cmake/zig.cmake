# SPDX-License-Identifier: Apache-2.0 OR MIT
# zig's clang compiles for WASMSIG_TARGET: x86_64-linux-gnu.2.28 (with glibc
# 2.28 and later), aarch64-linux-musl and so on. scripts/zig fetches it.
set(WASMSIG_TARGET "" CACHE STRING "zig's name of the system to compile for")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WASMSIG_TARGET)
if(NOT WASMSIG_TARGET MATCHES "^(x86_64|aarch64)-linux-(gnu|musl)(\\.|$)")
  message(FATAL_ERROR "WASMSIG_TARGET is '${WASMSIG_TARGET}', not a name such "
    "as x86_64-linux-gnu.2.28 or aarch64-linux-musl")
endif()
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
set(wasmsig_libc ${CMAKE_MATCH_2})

set(zig ${CMAKE_CURRENT_LIST_DIR}/../build/zig/ziglang/zig)
foreach(language C CXX)
  set(driver cc)
  if(language STREQUAL "CXX")
    set(driver c++)
  endif()
  set(CMAKE_${language}_COMPILER ${zig} ${driver})
  set(CMAKE_${language}_COMPILER_TARGET ${WASMSIG_TARGET})
endforeach()
# CMake takes no list here, and does not recognise the compiler.
set(CMAKE_ASM_COMPILER ${zig})
set(CMAKE_ASM_COMPILER_ARG1 cc)
set(CMAKE_ASM_COMPILER_ID Clang)
set(CMAKE_ASM_COMPILER_TARGET ${WASMSIG_TARGET})
foreach(tool AR RANLIB NM STRIP OBJCOPY OBJDUMP READELF)
  string(TOLOWER ${tool} name)
  find_program(CMAKE_${tool} llvm-${name}-19 REQUIRED)
endforeach()

# Known, and each check takes zig seconds.
set(CMAKE_HAVE_LIBC_PTHREAD ON)
if(wasmsig_libc STREQUAL "gnu")
  set(WASMSIG_HAS_GLIBC ON)
else()
  set(WASMSIG_HAS_GLIBC OFF)
endif()
# Paths of this checkout stay out of what is published.
set(CMAKE_C_FLAGS_INIT "-ffile-prefix-map=\"${CMAKE_SOURCE_DIR}\"=.")
set(CMAKE_CXX_FLAGS_INIT ${CMAKE_C_FLAGS_INIT})
set(CMAKE_ASM_FLAGS_INIT ${CMAKE_C_FLAGS_INIT})

# An emulator for another processor's programs. Its C library is where Debian's
# cross-compiler has it; programs for musl are static, or name their loader.
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR
    qemu-aarch64 -L /usr/aarch64-linux-gnu)
endif()
