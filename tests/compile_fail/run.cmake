# Compiles SOURCE with COMPILER, which must fail with the text of the file's first line ("// expect: …"), in at most
# 10 lines of output.
file(STRINGS "${SOURCE}" first LIMIT_COUNT 1)
string(REPLACE "// expect: " "" expected "${first}")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND "${COMPILER}" -std=c++20 -fsyntax-only ${flags} "${SOURCE}"
                ERROR_VARIABLE output RESULT_VARIABLE status)
if(status EQUAL 0)
  message(FATAL_ERROR "compiled, but should not: ${SOURCE}")
endif()
string(FIND "${output}" "${expected}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "expected '${expected}', got:\n${output}")
endif()
# Through which headers it got there is not counted.
string(REGEX REPLACE "(In file included from|                 from) [^\n]*\n" "" told "${output}")
string(REGEX MATCHALL "\n" lines "${told}")
list(LENGTH lines count)
message("${count} lines:\n${output}")
if(count GREATER 10)
  message(FATAL_ERROR "more than 10 lines of output")
endif()
