# A CMake dependency provider: brings the packages that this machine lacks. The presets plug it in by
# CMAKE_PROJECT_TOP_LEVEL_INCLUDES; without it the build only looks for what is there.
#   - Debian packages, where apt-get may install them; else it prints the one command to run.
#   - LibTorch as PyPI's wheel, into a Python environment of its own (VLSM_VENV, 1.3 GB).
cmake_minimum_required(VERSION 3.25)

set(VLSM_VENV "${CMAKE_SOURCE_DIR}/build/venv" CACHE PATH "Python environment that receives LibTorch where none is found")
set(VLSM_TORCH_VERSION "2.15.0" CACHE STRING "PyTorch version to install where none is found")

set(_vlsm_debian_xtensor libxtensor-dev)
set(_vlsm_debian_nlohmann_json nlohmann-json3-dev)
set(_vlsm_debian_Stb libstb-dev)
set(_vlsm_debian_Utf8proc libutf8proc-dev)
set(_vlsm_debian_CLI11 libcli11-dev)
set(_vlsm_debian_doctest doctest-dev)
set(_vlsm_debian_benchmark libbenchmark-dev)

# All packages at once, at the first one that is missing: one apt-get run, one message.
function(_vlsm_install_debian)
  get_property(done GLOBAL PROPERTY VLSM_DEBIAN_DONE)
  if(done)
    return()
  endif()
  set_property(GLOBAL PROPERTY VLSM_DEBIAN_DONE TRUE)
  set(missing "")
  foreach(name IN ITEMS xtensor nlohmann_json Stb Utf8proc CLI11 doctest benchmark)
    set(package ${_vlsm_debian_${name}})
    execute_process(COMMAND dpkg-query -W -f "\${db:Status-Status}" ${package}
                    OUTPUT_VARIABLE state ERROR_QUIET RESULT_VARIABLE failed)
    if(failed OR NOT state STREQUAL "installed")
      list(APPEND missing ${package})
    endif()
  endforeach()
  if(NOT missing)
    return()
  endif()
  list(JOIN missing " " words)
  execute_process(COMMAND id -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
  find_program(VLSM_APT_GET apt-get)
  mark_as_advanced(VLSM_APT_GET)
  if(NOT VLSM_APT_GET OR NOT user STREQUAL "0")
    message(FATAL_ERROR "vlsm needs packages that are not installed. Run this, then again:\n  sudo apt-get install ${words}")
  endif()
  message(STATUS "vlsm: apt-get install ${words}")
  execute_process(COMMAND ${VLSM_APT_GET} update -qq OUTPUT_QUIET)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env DEBIAN_FRONTEND=noninteractive
                          ${VLSM_APT_GET} install -y -qq --no-install-recommends ${missing}
                  OUTPUT_QUIET RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "vlsm: apt-get install failed. Run it by hand to see why:\n  apt-get install ${words}")
  endif()
endfunction()

# The smallest set that links and runs CPU code: the wheel names the CUDA runtime and CUPTI as needed libraries.
function(_vlsm_install_libtorch)
  if(NOT EXISTS "${VLSM_VENV}/bin/python")
    execute_process(COMMAND python3 -m venv "${VLSM_VENV}" RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "vlsm: python3 could not make an environment for LibTorch. Install python3-venv, or set CMAKE_PREFIX_PATH to a LibTorch.")
    endif()
  endif()
  message(STATUS "vlsm: bringing LibTorch ${VLSM_TORCH_VERSION} from PyPI into ${VLSM_VENV} (1.3 GB, about 20 s)")
  execute_process(COMMAND "${VLSM_VENV}/bin/python" -m pip install -q --no-deps --disable-pip-version-check
                          torch==${VLSM_TORCH_VERSION} nvidia-cuda-runtime nvidia-cuda-cupti
                  RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "vlsm: pip could not install torch ${VLSM_TORCH_VERSION}. Check the network, or set CMAKE_PREFIX_PATH to a LibTorch.")
  endif()
endfunction()

macro(_vlsm_provide method name)
  if("${name}" STREQUAL "LibTorch" OR DEFINED _vlsm_debian_${name})
    set(_vlsm_arguments ${ARGN})
    list(REMOVE_ITEM _vlsm_arguments REQUIRED)
    find_package(${name} ${_vlsm_arguments} QUIET BYPASS_PROVIDER)
    if(NOT ${name}_FOUND)
      if("${name}" STREQUAL "LibTorch")
        _vlsm_install_libtorch()
      else()
        _vlsm_install_debian()
      endif()
      unset(${name}_DIR CACHE)
    endif()
    find_package(${name} ${ARGN} BYPASS_PROVIDER)
  endif()
endmacro()

cmake_language(SET_DEPENDENCY_PROVIDER _vlsm_provide SUPPORTED_METHODS FIND_PACKAGE)
