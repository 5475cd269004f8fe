# The device of the estimators: CUDA where a toolkit is, else a stub that says
# that there is none.
#
# VQE_CUDA AUTO takes a toolkit of the system (CUDACXX, CUDA_HOME, the path,
# /usr/local/cuda); ON also that of jobs/setup/cuda.sh, and fails without any.
set(VQE_CUDA AUTO CACHE STRING "Build the CUDA estimators: AUTO, ON or OFF")
set_property(CACHE VQE_CUDA PROPERTY STRINGS AUTO ON OFF)

set(VQE_HAS_CUDA OFF)
if(NOT VQE_CUDA STREQUAL "OFF")
  find_program(VQE_NVCC nvcc
               HINTS $ENV{CUDACXX} $ENV{CUDA_HOME}/bin
                     ${CUDAToolkit_ROOT}/bin $ENV{CUDAToolkit_ROOT}/bin
               PATHS /usr/local/cuda/bin)
  if(NOT VQE_NVCC AND VQE_CUDA STREQUAL "ON")
    find_program(VQE_NVCC nvcc HINTS ${VQE_DEPS_DIR}/cuda/bin)
  endif()
  if(VQE_NVCC)
    set(VQE_HAS_CUDA ON)
  elseif(VQE_CUDA STREQUAL "ON")
    message(FATAL_ERROR
      "no CUDA toolkit: run jobs/setup/cuda.sh, or set CUDA_HOME")
  endif()
endif()

if(VQE_HAS_CUDA)
  get_filename_component(cuda_bin ${VQE_NVCC} DIRECTORY)
  get_filename_component(CUDAToolkit_ROOT ${cuda_bin} DIRECTORY)
  if(NOT DEFINED CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${VQE_NVCC})
  endif()
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    # code for A100 and H100/H200, PTX for what comes after
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
  endif()
  if(NOT DEFINED CMAKE_CUDA_HOST_COMPILER AND NOT DEFINED ENV{CUDAHOSTCXX})
    # a toolkit knows the compilers of its time
    find_program(VQE_CUDA_HOST NAMES g++-12 g++-13 g++-11 g++)
    set(CMAKE_CUDA_HOST_COMPILER ${VQE_CUDA_HOST})
  endif()
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  set(CMAKE_CUDA_STANDARD 14)
  add_library(mod_device STATIC kernels/device.cu kernels/double.cu
              kernels/single.cu)
  target_compile_options(mod_device PRIVATE
    -Xcompiler=-Wall,-Wextra $<$<BOOL:${VQE_WERROR}>:-Werror=all-warnings>)
  set_target_properties(mod_device PROPERTIES CUDA_RUNTIME_LIBRARY Static)
  target_link_libraries(mod_device PUBLIC CUDA::cublas CUDA::cudart_static)
  # CMake takes the toolkit's folder for one that the loader searches
  target_link_options(mod_device INTERFACE
    "LINKER:-rpath,${CUDAToolkit_LIBRARY_DIR}")
  message(STATUS "CUDA ${CUDAToolkit_VERSION}: ${CUDAToolkit_BIN_DIR}")
else()
  add_library(mod_device STATIC kernels/none.c)
  vqe_compile_options(mod_device)
endif()
set(device_links ${VQE_INCLUDE_ROOT}/device)
file(MAKE_DIRECTORY ${device_links})
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/kernels ${device_links}/kernels SYMBOLIC)
target_include_directories(mod_device PUBLIC ${device_links})
target_link_libraries(mod_device PUBLIC mod_base)
