# What the reports of src/pages are made of: the template of this tree, and the
# libraries that jobs/setup/pages.sh fetched. A build without these has
# reports whose drawings stand still.

# vqe_embed_file(TARGET SYMBOL FILE): the bytes of FILE in TARGET, as
# vqe_embed_text() has them. The assembler reads the file itself, since a
# compiler takes long for a million elements of an array.
function(vqe_embed_file target symbol file)
  set(out ${CMAKE_BINARY_DIR}/embedded/${symbol}.c)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"#include <stddef.h>
extern const char @symbol@[];
extern const size_t @symbol@_size;
__asm__(\".section .rodata\\n\"
        \".global @symbol@\\n.type @symbol@, %object\\n\"
        \"@symbol@:\\n.incbin \\\"@file@\\\"\\n\"
        \"@symbol@_end:\\n.byte 0\\n.size @symbol@, . - @symbol@\\n\"
        \".balign 8\\n.global @symbol@_size\\n\"
        \".type @symbol@_size, %object\\n\"
        \"@symbol@_size:\\n.quad @symbol@_end - @symbol@\\n\"
        \".size @symbol@_size, 8\\n.previous\\n\");
")
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${out})
endfunction()

# vqe_embed_pages(TARGET)
function(vqe_embed_pages target)
  set(folder ${CMAKE_SOURCE_DIR}/src/pages/template)
  vqe_embed_text(${target} vqe_pages_template ${folder}/page.html)
  vqe_embed_text(${target} vqe_pages_style ${folder}/page.css)
  vqe_embed_text(${target} vqe_pages_script ${folder}/page.js)
  file(WRITE ${CMAKE_BINARY_DIR}/embedded/nothing.js "")
  foreach(library echarts 3dmol)
    set(file ${VQE_DEPS_DIR}/pages/${library}.js)
    if(NOT EXISTS ${file})
      message(STATUS "Reports will stand still: no ${library} "
                     "(jobs/setup/pages.sh)")
      set(file ${CMAKE_BINARY_DIR}/embedded/nothing.js)
    endif()
    vqe_embed_file(${target} vqe_pages_${library} ${file})
  endforeach()
endfunction()
