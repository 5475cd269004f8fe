# vqe_harden(TARGET): what lets a fault of memory end a program before it is
# used, in builds without sanitizers, which find more:
#
# -fstack-protector-strong, -fstack-clash-protection
#                    a written-over return address, a stack that grows into
#                    other memory
# _FORTIFY_SOURCE    copies and prints of the C library beyond their buffer
# -fcf-protection    jumps to the middle of a function (processors with CET)
# relro, now, pie    tables of functions are read-only once all libraries are
#                    there; places differ at each start
#
# Folders that only compute, on numbers that others have checked, keep their
# code as it is; it is as position-independent as the rest.
#
# VQE_HARDEN=OFF leaves them out, for measurements.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)
include(CheckPIESupported)

# CMake compiles programs as position-independent; this has them linked so
check_pie_supported(LANGUAGES C)

set(vqe_harden_flags "")
set(vqe_harden_links "")
if(VQE_HARDEN AND NOT VQE_SANITIZE AND NOT VQE_FUZZ)
  foreach(flag stack-protector-strong stack-clash-protection cf-protection)
    string(MAKE_C_IDENTIFIER "VQE_HAS_${flag}" known)
    check_c_compiler_flag(-f${flag} ${known})
    if(${known})
      list(APPEND vqe_harden_flags -f${flag})
    endif()
  endforeach()
  # the C library wants an optimised build for it
  list(APPEND vqe_harden_flags
    "$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  check_linker_flag(C LINKER:-z,relro,-z,now VQE_HAS_RELRO)
  if(VQE_HAS_RELRO)
    list(APPEND vqe_harden_links LINKER:-z,relro,-z,now)
  endif()
endif()

set(vqe_harden_exempt mod_operators mod_ansatz mod_sim mod_device mod_estimator
                      mod_optimize kernel_gates kernel_products mod_kernels)

function(vqe_harden target)
  if(NOT target IN_LIST vqe_harden_exempt)
    target_compile_options(${target} PRIVATE ${vqe_harden_flags})
  endif()
  target_link_options(${target} PRIVATE ${vqe_harden_links})
endfunction()
