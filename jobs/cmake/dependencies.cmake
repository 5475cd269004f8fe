# Libraries, each found where the system, Spack, conda or a module put it.
# Versions tried: doc/install.md.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(MPI REQUIRED COMPONENTS C)
find_package(PkgConfig REQUIRED)

pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
pkg_check_modules(LAPACKE REQUIRED IMPORTED_TARGET lapacke)
pkg_check_modules(NLOPT REQUIRED IMPORTED_TARGET nlopt)
pkg_check_modules(GSL REQUIRED IMPORTED_TARGET gsl)
# gsl.pc brings GSL's own unoptimised CBLAS, which would stand in front of
# OpenBLAS and take its calls.
get_target_property(gsl_libraries PkgConfig::GSL INTERFACE_LINK_LIBRARIES)
list(FILTER gsl_libraries EXCLUDE REGEX "gslcblas")
set_target_properties(PkgConfig::GSL PROPERTIES
  INTERFACE_LINK_LIBRARIES "${gsl_libraries}")
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
# With both flavours installed a bare "hdf5" is the MPI one, so the serial
# name goes first.
pkg_search_module(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial hdf5)

# libcint: CMAKE_PREFIX_PATH or LIBCINT_ROOT, else the copy that
# jobs/setup/libcint.sh unpacked.
set(VQE_DEPS_DIR "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH
    "Where jobs/setup keeps libraries that the system lacks")
find_path(LIBCINT_INCLUDE_DIR cint.h
          HINTS ${LIBCINT_ROOT} ENV LIBCINT_ROOT ${VQE_DEPS_DIR}/libcint
          PATH_SUFFIXES include)
find_library(LIBCINT_LIBRARY cint
             HINTS ${LIBCINT_ROOT} ENV LIBCINT_ROOT ${VQE_DEPS_DIR}/libcint
             PATH_SUFFIXES lib lib64 lib/deps/lib)
if(NOT LIBCINT_INCLUDE_DIR OR NOT LIBCINT_LIBRARY)
  message(FATAL_ERROR
    "libcint not found: run jobs/setup/libcint.sh, or set LIBCINT_ROOT")
endif()
add_library(Libcint::cint SHARED IMPORTED)
# that of PySCF has no SONAME, and programs must not record its path instead
set_target_properties(Libcint::cint PROPERTIES
  IMPORTED_LOCATION "${LIBCINT_LIBRARY}"
  IMPORTED_NO_SONAME TRUE
  INTERFACE_INCLUDE_DIRECTORIES "${LIBCINT_INCLUDE_DIR}")

pkg_check_modules(AVRO REQUIRED IMPORTED_TARGET avro-c)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)

# Headers alone.
find_path(UTHASH_INCLUDE_DIR uthash.h)
if(NOT UTHASH_INCLUDE_DIR)
  message(FATAL_ERROR "uthash.h not found: install uthash (uthash-dev)")
endif()

# DuckDB: a shared library of the system's, or the static archives that
# jobs/setup/duckdb.sh unpacked.
find_path(DUCKDB_INCLUDE_DIR duckdb.h
          HINTS ${DUCKDB_ROOT} ENV DUCKDB_ROOT ${VQE_DEPS_DIR}/duckdb
          PATH_SUFFIXES include)
find_library(DUCKDB_LIBRARY NAMES duckdb duckdb_static
             HINTS ${DUCKDB_ROOT} ENV DUCKDB_ROOT ${VQE_DEPS_DIR}/duckdb
             PATH_SUFFIXES lib lib64)
if(NOT DUCKDB_INCLUDE_DIR OR NOT DUCKDB_LIBRARY)
  message(FATAL_ERROR
    "DuckDB not found: run jobs/setup/duckdb.sh, or set DUCKDB_ROOT")
endif()
add_library(duckdb INTERFACE)
target_include_directories(duckdb SYSTEM INTERFACE ${DUCKDB_INCLUDE_DIR})
if(DUCKDB_LIBRARY MATCHES "\\.a$")
  get_filename_component(duckdb_folder ${DUCKDB_LIBRARY} DIRECTORY)
  file(GLOB duckdb_parts ${duckdb_folder}/lib*.a)
  target_compile_definitions(duckdb INTERFACE DUCKDB_STATIC_BUILD)
  set(duckdb_parts -Wl,--start-group ${duckdb_parts} -Wl,--end-group stdc++ m dl
      Threads::Threads)
  if(VQE_DUCKDB_SHARED)
    # one library of it for both programs, which exports its C API alone
    file(WRITE ${CMAKE_BINARY_DIR}/duckdb.c "typedef int vqe_empty;\n")
    file(WRITE ${CMAKE_BINARY_DIR}/duckdb.map
         "{ global: duckdb_*; local: *; };\n")
    add_library(duckdb_shared SHARED ${CMAKE_BINARY_DIR}/duckdb.c)
    set_target_properties(duckdb_shared PROPERTIES OUTPUT_NAME duckdb
      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/duckdb)
    target_link_options(duckdb_shared PRIVATE
      LINKER:--version-script=${CMAKE_BINARY_DIR}/duckdb.map
      LINKER:-z,relro,-z,now)
    target_link_libraries(duckdb_shared PRIVATE
      -Wl,--whole-archive ${DUCKDB_LIBRARY} -Wl,--no-whole-archive
      ${duckdb_parts})
    target_link_libraries(duckdb INTERFACE duckdb_shared)
  else()
    target_link_libraries(duckdb INTERFACE ${duckdb_parts})
  endif()
else()
  target_link_libraries(duckdb INTERFACE ${DUCKDB_LIBRARY})
endif()
