# SPDX-License-Identifier: MIT
# Headers as Doxygen shall read them. In the comments of this project commands begin with @ alone, so outside of `code` a
# backslash and a < mean themselves; an apostrophe does not end `code`, as it does for Doxygen after a single `; and a dot
# that ends `code.` does not end the brief description.
{
  start = match($0, /\/\/\/<?/)
  if (!start || substr($0, 1, start - 1) ~ /\/\/|"/) {
    print
    code = 0
    next
  }
  if (substr($0, 1, start - 1) !~ /^ *$/) code = 0  # behind a member: a comment of its own
  out = substr($0, 1, start + RLENGTH - 1)
  for (i = start + RLENGTH; i <= length($0); ++i) {
    c = substr($0, i, 1)
    if (c == "`") {
      if (code && out ~ /[^`.]\.$/)
        out = substr(out, 1, length(out) - 1) "``\\."
      else
        out = out "``"
      code = !code
    } else
      out = out (!code && (c == "\\" || c == "<") ? "\\" c : c)
  }
  print out
}
