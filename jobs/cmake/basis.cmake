# vqe_embed_basis(TARGET name...): compile src/chem/basis/NAME.nw into TARGET
# as the table that src/chem/basis.h declares, and minao.nw, which is no basis
# to compute in, beside it. Sets of basis/exchange are read at run time; TARGET
# learns where they lie.
#
# The file is its own build step: run as a script with -DOUT=, -DFOLDER= and
# -DNAMES= (separated by commas) it writes that table.
if(CMAKE_SCRIPT_MODE_FILE)
  include(${CMAKE_CURRENT_LIST_DIR}/text_array.cmake)
  string(REPLACE "," ";" NAMES "${NAMES}")
  set(arrays "")
  set(rows "")
  set(index 0)
  foreach(name ${NAMES})
    vqe_text_array(bytes "${FOLDER}/${name}.nw")
    string(APPEND arrays
           "static const char text_${index}[] = ${bytes};\n")
    string(APPEND rows
           "  {\"${name}\", text_${index}, sizeof text_${index} - 1},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  vqe_text_array(bytes "${FOLDER}/minao.nw")
  string(APPEND arrays "static const char minimal[] = ${bytes};\n")
  file(WRITE "${OUT}"
    "#include \"chem/basis.h\"\n\n${arrays}\n"
    "const struct vqe_basis_text vqe_basis_texts[] = {\n${rows}};\n"
    "const size_t vqe_basis_text_count = ${index};\n"
    "const struct vqe_basis_text vqe_basis_minimal =\n"
    "  {\"minao\", minimal, sizeof minimal - 1};\n")
  return()
endif()

function(vqe_embed_basis target)
  set(folder ${CMAKE_SOURCE_DIR}/src/chem/basis)
  set(out ${CMAKE_BINARY_DIR}/basis_data.c)
  set(script ${CMAKE_SOURCE_DIR}/jobs/cmake/basis.cmake)
  set(files ${ARGN} minao)
  list(TRANSFORM files PREPEND ${folder}/)
  list(TRANSFORM files APPEND .nw)
  string(REPLACE ";" "," names "${ARGN}")
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFOLDER=${folder}
            -DNAMES=${names} -P ${script}
    DEPENDS ${files} ${script} ${CMAKE_SOURCE_DIR}/jobs/cmake/text_array.cmake
    COMMENT "Embedding basis sets ${names}"
    VERBATIM)
  target_sources(${target} PRIVATE ${out})

  # a build has the folder beside its programs, an installation in share
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/basis)
  file(CREATE_LINK ${folder}/exchange ${CMAKE_BINARY_DIR}/basis/exchange
       SYMBOLIC)
  file(RELATIVE_PATH programs /${vqe_private_libdir}
       /${vqe_datadir}/basis/exchange)
  file(RELATIVE_PATH library /${CMAKE_INSTALL_LIBDIR}
       /${vqe_datadir}/basis/exchange)
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/chem/basis_exchange.c
    PROPERTY COMPILE_DEFINITIONS VQE_BASIS_FROM_PROGRAMS="${programs}"
             VQE_BASIS_FROM_LIBRARY="${library}")
endfunction()
