# What `cmake --install` leaves: programs and libvqe that find the libraries
# beside them, wherever the prefix is moved to, and what lets other projects
# find libvqe (pkg-config, find_package).
include(CMakePackageConfigHelpers)

# Libraries that jobs/setup unpacked into the checkout are copied to this
# folder, as programs must not need the checkout; all others stay where the
# system, Spack, conda or a module has them.
#
# Programs lie in the same folder, with links to them in bin, so that one path
# of the loader ($ORIGIN/libcint/...) holds for the build and the installation.
# Where the two differ, CMake writes the one over the other, for which it ends
# that of the build by a colon: an empty entry, which the loader reads as the
# current folder.
set(vqe_private_libdir ${CMAKE_INSTALL_LIBDIR}/vqe_batch)
set(vqe_datadir ${CMAKE_INSTALL_DATADIR}/vqe_batch)

# vqe_is_of_checkout(OUT PATH): is it a shared library of VQE_DEPS_DIR?
function(vqe_is_of_checkout out path)
  string(FIND "${path}" "${VQE_DEPS_DIR}/" place)
  if(place EQUAL 0 AND path MATCHES "\\.so(\\.|$)")
    set(${out} TRUE PARENT_SCOPE)
  else()
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Folders of the private libraries, below vqe_private_libdir. libcint looks
# for its libquadmath two folders up, so the layout of its lib is kept.
set(vqe_private_folders "")
vqe_is_of_checkout(copied "${LIBCINT_LIBRARY}")
if(copied)
  install(DIRECTORY ${VQE_DEPS_DIR}/libcint/lib/
          DESTINATION ${vqe_private_libdir}/libcint USE_SOURCE_PERMISSIONS
          FILES_MATCHING PATTERN "*.so*")
  get_filename_component(folder "${LIBCINT_LIBRARY}" DIRECTORY)
  file(RELATIVE_PATH folder ${VQE_DEPS_DIR}/libcint/lib "${folder}")
  list(APPEND vqe_private_folders libcint/${folder})
  file(CREATE_LINK ${VQE_DEPS_DIR}/libcint/lib ${CMAKE_BINARY_DIR}/libcint
       SYMBOLIC)
endif()
vqe_is_of_checkout(copied "${DUCKDB_LIBRARY}")
if(copied)
  install(FILES ${DUCKDB_LIBRARY} DESTINATION ${vqe_private_libdir}/duckdb)
  list(APPEND vqe_private_folders duckdb)
  get_filename_component(folder "${DUCKDB_LIBRARY}" DIRECTORY)
  file(CREATE_LINK ${folder} ${CMAKE_BINARY_DIR}/duckdb SYMBOLIC)
endif()

if(TARGET duckdb_shared)
  install(TARGETS duckdb_shared
          LIBRARY DESTINATION ${vqe_private_libdir}/duckdb)
  list(APPEND vqe_private_folders duckdb)
endif()

# vqe_install_rpath(TARGET FOLDER...): let TARGET find the private libraries
# in these folders, relative to where it lies, and others where they were at
# the build.
function(vqe_install_rpath target)
  set(entries)
  foreach(folder ${ARGN})
    foreach(private ${vqe_private_folders})
      list(APPEND entries "${folder}/${private}")
    endforeach()
  endforeach()
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "${entries}"
    INSTALL_RPATH_USE_LINK_PATH ON BUILD_WITH_INSTALL_RPATH ON)
endfunction()

add_custom_target(man)
function(vqe_install_program name)
  vqe_install_rpath(${name} $ORIGIN)
  install(TARGETS ${name} RUNTIME DESTINATION ${vqe_private_libdir})
  file(RELATIVE_PATH way /${CMAKE_INSTALL_BINDIR}
       /${vqe_private_libdir}/${name})
  set(link ${CMAKE_BINARY_DIR}/installed-links/${name})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/installed-links)
  file(CREATE_LINK ${way} ${link} SYMBOLIC)
  install(FILES ${link} DESTINATION ${CMAKE_INSTALL_BINDIR})

  # Programs print their man page and completion; target `man` keeps them. It is
  # not part of all, as a build may be for another processor.
  set(folder ${CMAKE_BINARY_DIR}/man)
  file(MAKE_DIRECTORY ${folder})
  set(pages ${folder}/${name}.1)
  set(print COMMAND ${name} --man > ${folder}/${name}.1)
  foreach(command ${ARGN})
    list(APPEND pages ${folder}/${name}-${command}.1)
    list(APPEND print COMMAND ${name} ${command} --man
                              > ${folder}/${name}-${command}.1)
  endforeach()
  set(completions ${folder}/${name}.bash ${folder}/_${name}
                  ${folder}/${name}.fish)
  add_custom_command(OUTPUT ${pages} ${completions}
    ${print}
    COMMAND ${name} --completion bash > ${folder}/${name}.bash
    COMMAND ${name} --completion zsh > ${folder}/_${name}
    COMMAND ${name} --completion fish > ${folder}/${name}.fish
    DEPENDS ${name} VERBATIM)
  add_custom_target(man-${name} DEPENDS ${pages} ${completions})
  add_dependencies(man man-${name})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
  install(FILES ${folder}/${name}.bash RENAME ${name} OPTIONAL
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${folder}/_${name} OPTIONAL
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${folder}/${name}.fish OPTIONAL
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endfunction()

function(vqe_install_library name)
  # it lies beside the folder of the programs, in the build beside them
  vqe_install_rpath(${name} $ORIGIN/vqe_batch $ORIGIN)
  target_include_directories(${name} INTERFACE
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${name} EXPORT vqeTargets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/vqe
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h")

  # what a Python package holds (src/python): the library, and beside it what
  # it needs of the checkout
  install(FILES $<TARGET_FILE:${name}> RENAME lib${name}.so DESTINATION .
          COMPONENT python EXCLUDE_FROM_ALL)
  vqe_is_of_checkout(copied "${LIBCINT_LIBRARY}")
  if(copied)
    install(DIRECTORY ${VQE_DEPS_DIR}/libcint/lib/
            DESTINATION vqe_batch/libcint USE_SOURCE_PERMISSIONS
            COMPONENT python EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.so*")
  endif()
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/chem/basis/exchange
          DESTINATION vqe_batch/basis
          COMPONENT python EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.nw.gz")

  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/vqe)
  install(EXPORT vqeTargets NAMESPACE vqe:: DESTINATION ${package}
          FILE vqeTargets.cmake)
  file(WRITE ${CMAKE_BINARY_DIR}/vqeConfig.cmake
    "include(\"\${CMAKE_CURRENT_LIST_DIR}/vqeTargets.cmake\")\n")
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/vqeConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/vqeConfig.cmake
          ${CMAKE_BINARY_DIR}/vqeConfigVersion.cmake DESTINATION ${package})

  file(RELATIVE_PATH vqe_pc_to_prefix
       /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" vqe_pc_to_prefix "${vqe_pc_to_prefix}")
  configure_file(${CMAKE_SOURCE_DIR}/jobs/cmake/vqe.pc.in
                 ${CMAKE_BINARY_DIR}/vqe.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/vqe.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# What people look into: basis sets, schemas, example jobs, texts. Programs have
# what they need of it compiled in, except the sets of basis/exchange.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/chem/basis/
        DESTINATION ${vqe_datadir}/basis FILES_MATCHING PATTERN "*.nw"
        PATTERN "*.nw.gz")
install(DIRECTORY ${CMAKE_SOURCE_DIR}/schemas DESTINATION ${vqe_datadir}
        FILES_MATCHING PATTERN "*.json" PATTERN "*.avsc" PATTERN "*.sql")
file(GLOB jobs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/jobs/*.json)
install(FILES ${jobs} DESTINATION ${vqe_datadir}/jobs)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/jobs/tiers DESTINATION ${vqe_datadir}/jobs
        FILES_MATCHING PATTERN "*.json")
# as Debian's packages are named, which have no underscores
set(vqe_docdir ${CMAKE_INSTALL_DATAROOTDIR}/doc/vqe-batch)
foreach(text README.md CHANGELOG.md LICENSE SECURITY.md)
  install(FILES ${CMAKE_SOURCE_DIR}/${text} DESTINATION ${vqe_docdir})
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/jobs/package/copyright
        DESTINATION ${vqe_docdir})
install(FILES ${CMAKE_SOURCE_DIR}/jobs/package/licences/echarts.txt
              ${CMAKE_SOURCE_DIR}/jobs/package/licences/3dmol.txt
              ${CMAKE_SOURCE_DIR}/jobs/package/licences/basis_set_exchange.txt
        DESTINATION ${vqe_docdir}/licences)
