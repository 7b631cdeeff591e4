# A source file for each header of INCLUDE that matches one of PATTERNS: there is no src/, the headers are all there is.
# EXTENSION says which compiler takes them; OUT gets the files.
function(vlsm_sources_of include patterns extension out)
  list(TRANSFORM patterns PREPEND "${include}/")
  file(GLOB headers RELATIVE "${include}" CONFIGURE_DEPENDS ${patterns})
  set(sources "")
  foreach(header IN LISTS headers)
    cmake_path(REPLACE_EXTENSION header LAST_ONLY "${extension}" OUTPUT_VARIABLE name)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/vlsm_sources/${name}")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${header}\"\n" @ONLY)
    list(APPEND sources "${source}")
  endforeach()
  set(${out} "${sources}" PARENT_SCOPE)
endfunction()
