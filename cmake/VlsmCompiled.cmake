include("${CMAKE_CURRENT_LIST_DIR}/VlsmSources.cmake")

# vlsm::compiled: vlsm::vlsm, but what takes long to compile and is the same in every program (readers, tokenizers,
# pictures: the headers below impl/) is compiled once, in the project that uses it. INCLUDE holds the headers.
function(vlsm_add_compiled include)
  vlsm_sources_of("${include}" "vlsm/*/impl/*.hpp;vlsm/*/*/impl/*.hpp" cpp sources)
  if(VLSM_LIGHT_TESTS)
    # Programs that hold nothing of LibTorch need none of this.
    list(FILTER sources EXCLUDE REGEX
      "/vlsm/(ops|nn|train|weights)/|/vlsm/study/impl/(check_config|run_study|run_cell|report)[.]")
  endif()
  add_library(vlsm_compiled STATIC EXCLUDE_FROM_ALL ${sources})
  add_library(vlsm::compiled ALIAS vlsm_compiled)
  # Several at a time, since most of a file's time is LibTorch's headers: operators and layers, training and weights,
  # and folder by folder what a program without LibTorch may link without the rest.
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    string(REGEX REPLACE "/vlsm/(ops|nn)/.*" "/operators" folder "${folder}")
    string(REGEX REPLACE "/vlsm/(train|weights|distributed)/.*" "/training" folder "${folder}")
    string(MAKE_C_IDENTIFIER "${folder}" group)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}")
  endforeach()
  set_target_properties(vlsm_compiled PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_compile_definitions(vlsm_compiled PUBLIC VLSM_COMPILED)
  target_link_libraries(vlsm_compiled PUBLIC vlsm::vlsm)
endfunction()
