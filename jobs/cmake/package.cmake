# What is passed on: `tarball`, the folder that runs anywhere, and `debian`, a
# Debian package by CPack (jobs/package/README.md). Both make a build of their
# own, build/portable, as this one may be tuned to this machine.
foreach(kind tarball debian)
  add_custom_target(${kind} COMMAND ${CMAKE_SOURCE_DIR}/jobs/package/${kind}.sh
                    USES_TERMINAL VERBATIM)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vqe-batch)
set(CPACK_PACKAGE_VENDOR "The vqe_batch authors")
set(CPACK_PACKAGE_CONTACT "The vqe_batch authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "ground-state energies of many molecules by VQE, over MPI")
set(CPACK_PACKAGE_DESCRIPTION
    "vqe_batch computes ground-state energies of molecules by the variational
quantum eigensolver, many at once over MPI ranks and GPUs, records every
evaluation, and makes Iceberg tables of them (vqe_lake).")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# libraries by what the programs need, and what they start
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
    ${CMAKE_BINARY_DIR}/libcint/deps/lib ${CMAKE_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_DEPENDS "openmpi-bin, ca-certificates")
# starts ranks on other nodes
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS openssh-client)
include(CPack)
