# vqe_text_array(OUT FILE): the bytes of FILE as the initialiser of a C array
# of char, NUL-terminated, into the variable OUT. For scripts that write C.
function(vqe_text_array out file)
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(0x0a,)" "\\1\n" bytes "${bytes}")
  # 0xc3 is no char where char has a sign, '\xc3' is
  string(REGEX REPLACE "0x([89a-f][0-9a-f])," "'\\\\x\\1'," bytes "${bytes}")
  set(${out} "{\n${bytes}0x00}" PARENT_SCOPE)
endfunction()
