# vqe_module(NAME [PUBLIC_HEADERS h...] [SOURCES file...] [USES module...]
#            [LIBS target...])
#
# A static library mod_NAME of src/NAME/*.c and SOURCES. Headers are reached as
# "NAME/x.h" (internal) and "vqe/x.h" (public) through a folder of links made
# for this module alone, so that including a header of a module that is not in
# USES fails to compile.
set(VQE_INCLUDE_ROOT ${CMAKE_BINARY_DIR}/include-links)

if(VQE_SANITIZE STREQUAL "thread")
  set(vqe_sanitizers -fsanitize=thread)
else()
  set(vqe_sanitizers -fsanitize=address,undefined
                     -fno-sanitize-recover=undefined)
endif()

function(vqe_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
    -Wstrict-prototypes -Wmissing-prototypes -fno-math-errno
    -fno-trapping-math -ffp-contract=fast
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE
    VQE_VERSION="${PROJECT_VERSION}")
  if(VQE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  vqe_harden(${target})
  if(VQE_NATIVE)
    target_compile_options(${target} PRIVATE -march=native)
  endif()
  if(VQE_SANITIZE)
    target_compile_options(${target} PRIVATE ${vqe_sanitizers}
      -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE ${vqe_sanitizers})
  endif()
  if(VQE_FUZZ)
    # coverage everywhere; libFuzzer itself only where its main is wanted
    target_compile_options(${target} PRIVATE
      -fsanitize=fuzzer-no-link,address,undefined
      -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()

function(vqe_module name)
  cmake_parse_arguments(ARG "" "" "PUBLIC_HEADERS;SOURCES;USES;LIBS" ${ARGN})
  set(links ${VQE_INCLUDE_ROOT}/${name})
  file(MAKE_DIRECTORY ${links}/vqe)
  if(name STREQUAL "vqe")
    # its folder has the name of the public one: link its headers one by one
    file(GLOB internal CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/vqe/*.h)
    foreach(path ${internal})
      get_filename_component(header ${path} NAME)
      file(CREATE_LINK ${path} ${links}/vqe/${header} SYMBOLIC)
    endforeach()
  else()
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${links}/${name}
         SYMBOLIC)
  endif()
  foreach(header ${ARG_PUBLIC_HEADERS})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/vqe/${header}
         ${links}/vqe/${header} SYMBOLIC)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
  foreach(source ${sources})
    file(STRINGS ${source} climbs REGEX "#include \"\\.\\.")
    if(climbs)
      message(FATAL_ERROR "${source} includes by a relative path")
    endif()
  endforeach()
  if(NOT sources)
    return()
  endif()
  add_library(mod_${name} STATIC ${sources} ${ARG_SOURCES})
  vqe_compile_options(mod_${name})
  # libvqe exports what VQE_API marks in include/vqe, and nothing else
  set_target_properties(mod_${name} PROPERTIES C_VISIBILITY_PRESET hidden)
  target_include_directories(mod_${name} PUBLIC ${links})
  foreach(used ${ARG_USES})
    target_link_libraries(mod_${name} PUBLIC mod_${used})
  endforeach()
  target_link_libraries(mod_${name} PRIVATE ${ARG_LIBS})
endfunction()

# vqe_program(NAME [NO_INSTALL] SOURCES file... USES module... [LIBS target...]
#             [MANUALS command...]): commands with a man page of their own
function(vqe_program name)
  cmake_parse_arguments(ARG "NO_INSTALL" "" "SOURCES;USES;LIBS;MANUALS"
                        ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  vqe_compile_options(${name})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src/cmd)
  foreach(used ${ARG_USES})
    target_link_libraries(${name} PRIVATE mod_${used})
  endforeach()
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  if(NOT ARG_NO_INSTALL)
    vqe_install_program(${name} ${ARG_MANUALS})
  endif()
endfunction()

# The public C library: the modules up to vqe in one shared object.
function(vqe_shared_library name)
  cmake_parse_arguments(ARG "" "" "MODULES" ${ARGN})
  set(archives)
  set(modules)
  foreach(module ${ARG_MODULES})
    if(NOT TARGET mod_${module})
      return()
    endif()
    list(APPEND archives $<TARGET_FILE:mod_${module}>)
    list(APPEND modules mod_${module})
  endforeach()
  file(WRITE ${CMAKE_BINARY_DIR}/empty.c "typedef int vqe_empty;\n")
  add_library(${name} SHARED ${CMAKE_BINARY_DIR}/empty.c)
  add_dependencies(${name} ${modules})
  # once whole, and once as targets, for the libraries that they need
  target_link_libraries(${name} PRIVATE
    -Wl,--whole-archive ${archives} -Wl,--no-whole-archive ${modules})
  # before 1.0 every minor version may break the binary interface
  set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  if(VQE_SANITIZE)
    target_link_options(${name} PRIVATE ${vqe_sanitizers})
  elseif(NOT VQE_FUZZ)
    # programs bring the run-time of sanitizers, all else is linked here
    target_link_options(${name} PRIVATE LINKER:--no-undefined)
  endif()
  vqe_harden(${name})
  vqe_install_library(${name})
endfunction()
