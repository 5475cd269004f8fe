# vqe_embed_lake(TARGET): compile schemas/iceberg/*.json and schemas/sql/*.sql
# into TARGET as the tables that src/lake/tables.h declares.
#
# The file is its own build step: run as a script with -DOUT=, -DROOT=,
# -DTABLES= and -DEXTRA= (names separated by commas) it writes those tables.
if(CMAKE_SCRIPT_MODE_FILE)
  include(${CMAKE_CURRENT_LIST_DIR}/text_array.cmake)
  function(embed_text path variable)
    vqe_text_array(bytes "${path}")
    set(arrays "${arrays}static const char ${variable}[] = ${bytes};\n"
        PARENT_SCOPE)
  endfunction()
  string(REPLACE "," ";" TABLES "${TABLES}")
  string(REPLACE "," ";" EXTRA "${EXTRA}")
  set(arrays "")
  set(definitions "")
  set(statements "")
  foreach(name ${TABLES})
    embed_text("${ROOT}/iceberg/${name}.json" definition_${name})
    string(APPEND definitions
           "  {\"${name}\", definition_${name}, sizeof definition_${name} - 1},\n")
  endforeach()
  foreach(name ${TABLES} ${EXTRA})
    embed_text("${ROOT}/sql/${name}.sql" sql_${name})
    string(APPEND statements
           "  {\"${name}\", sql_${name}, sizeof sql_${name} - 1},\n")
  endforeach()
  file(WRITE "${OUT}"
    "#include \"lake/tables.h\"\n\n${arrays}\n"
    "const struct vqe_lake_text vqe_lake_definitions[VQE_LAKE_TABLES] = {\n"
    "${definitions}};\n"
    "const struct vqe_lake_text vqe_lake_sql[] = {\n${statements}};\n"
    "const size_t vqe_lake_sql_count =\n"
    "    sizeof vqe_lake_sql / sizeof vqe_lake_sql[0];\n")
  return()
endif()

function(vqe_embed_lake target)
  # in the order of enum vqe_lake_table_index
  set(tables molecules ansatz_info performance_metrics vqe_results
      initial_parameters optimal_parameters vqe_iterations
      iteration_parameters hamiltonian_terms molecular_properties
      processing_metadata
      ml_iteration_features ml_run_summary)
  set(extra features report dataset)
  set(root ${CMAKE_SOURCE_DIR}/schemas)
  set(out ${CMAKE_BINARY_DIR}/lake_data.c)
  set(script ${CMAKE_SOURCE_DIR}/jobs/cmake/lake.cmake)
  set(files)
  foreach(name ${tables})
    list(APPEND files ${root}/iceberg/${name}.json ${root}/sql/${name}.sql)
  endforeach()
  foreach(name ${extra})
    list(APPEND files ${root}/sql/${name}.sql)
  endforeach()
  string(REPLACE ";" "," tables "${tables}")
  string(REPLACE ";" "," extra "${extra}")
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DROOT=${root} -DTABLES=${tables}
            -DEXTRA=${extra} -P ${script}
    DEPENDS ${files} ${script} ${CMAKE_SOURCE_DIR}/jobs/cmake/text_array.cmake
    COMMENT "Embedding table definitions and SQL"
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
  vqe_embed_text(${target} vqe_dataset_columns_text
                 ${root}/dataset/columns.json)
  vqe_embed_text(${target} vqe_dataset_card_text ${root}/dataset/card.md)
  vqe_embed_text(${target} vqe_dataset_croissant_text
                 ${root}/dataset/croissant.json)
endfunction()
