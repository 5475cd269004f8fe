# vqe_embed_text(TARGET SYMBOL FILE): compile FILE into TARGET as
# `const char SYMBOL[]`, NUL-terminated, and `const size_t SYMBOL_size`.
if(CMAKE_SCRIPT_MODE_FILE)
  include(${CMAKE_CURRENT_LIST_DIR}/text_array.cmake)
  vqe_text_array(bytes "${FILE}")
  file(WRITE "${OUT}"
    "#include <stddef.h>\n"
    "extern const char ${SYMBOL}[];\nextern const size_t ${SYMBOL}_size;\n"
    "const char ${SYMBOL}[] = ${bytes};\n"
    "const size_t ${SYMBOL}_size = sizeof ${SYMBOL} - 1;\n")
  return()
endif()

function(vqe_embed_text target symbol file)
  set(out ${CMAKE_BINARY_DIR}/embedded/${symbol}.c)
  set(script ${CMAKE_SOURCE_DIR}/jobs/cmake/embed.cmake)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFILE=${file} -DSYMBOL=${symbol}
            -P ${script}
    DEPENDS ${file} ${script} ${CMAKE_SOURCE_DIR}/jobs/cmake/text_array.cmake
    COMMENT "Embedding ${symbol}"
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
