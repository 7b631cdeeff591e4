# cmake -DPROGRAMS="A;B" -P light.cmake: none of these programs loads LibTorch, which takes a quarter of a second a start.
foreach(program IN LISTS PROGRAMS)
  execute_process(COMMAND ldd "${program}" OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
  if(libraries MATCHES "libtorch|libc10")
    message(FATAL_ERROR "${program} loads ${CMAKE_MATCH_0}: what in it needs that? (nm -C -u ${program} | grep c10)")
  endif()
endforeach()
list(LENGTH PROGRAMS count)
message("${count} programs")
