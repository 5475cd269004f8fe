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
  add_library(mod_kernels STATIC kernels/gpu.cu kernels/double.cu
              kernels/single.cu)
  target_compile_options(mod_kernels PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:
    -Xcompiler=-Wall,-Wextra $<$<BOOL:${VQE_WERROR}>:-Werror=all-warnings>>)
  set_target_properties(mod_kernels PROPERTIES CUDA_RUNTIME_LIBRARY Static)
  # cuBLAS is loaded where it is, from here first: a program that is passed on
  # does not need its 600 MB to start
  target_link_libraries(mod_kernels PUBLIC CUDA::cudart_static ${CMAKE_DL_LIBS})
  # CMake takes the toolkit's folder for one that the loader searches. Installed
  # programs keep the entry, so that it must not lead through a link of .deps.
  file(REAL_PATH "${CUDAToolkit_LIBRARY_DIR}" folder)
  target_link_options(mod_kernels INTERFACE "LINKER:-rpath,${folder}")
  message(STATUS "CUDA ${CUDAToolkit_VERSION}: ${CUDAToolkit_BIN_DIR}")
  # cuStateVec's header is enough to build: the program loads the library when
  # gates of it are asked for, from where it is found here, else by the
  # loader's own search.
  find_path(VQE_CUSTATEVEC_INCLUDE custatevec.h
            HINTS ${CUQUANTUM_ROOT} $ENV{CUQUANTUM_ROOT}
                  ${CUDAToolkit_INCLUDE_DIRS}
            PATHS /opt/nvidia/cuquantum PATH_SUFFIXES include)
  find_library(VQE_CUSTATEVEC_LIBRARY NAMES libcustatevec.so.1 custatevec
               HINTS ${CUQUANTUM_ROOT} $ENV{CUQUANTUM_ROOT}
                     ${CUDAToolkit_LIBRARY_DIR}
               PATHS /opt/nvidia/cuquantum PATH_SUFFIXES lib lib64)
  add_library(kernel_products OBJECT kernels/products.c)
  target_include_directories(kernel_products SYSTEM PRIVATE
    ${CUDAToolkit_INCLUDE_DIRS})
else()
  add_library(mod_kernels STATIC kernels/no_gpu.c)
  vqe_compile_options(mod_kernels)
endif()
# An object library, for the flags of C beside those of nvcc.
set(VQE_HAS_CUSTATEVEC OFF)
if(VQE_HAS_CUDA AND VQE_CUSTATEVEC_INCLUDE)
  set(VQE_HAS_CUSTATEVEC ON)
  add_library(kernel_gates OBJECT kernels/custatevec.c)
  target_include_directories(kernel_gates SYSTEM PRIVATE
    ${VQE_CUSTATEVEC_INCLUDE} ${CUDAToolkit_INCLUDE_DIRS})
  target_link_libraries(mod_kernels PUBLIC ${CMAKE_DL_LIBS})
  if(VQE_CUSTATEVEC_LIBRARY)
    get_filename_component(folder ${VQE_CUSTATEVEC_LIBRARY} DIRECTORY)
    file(REAL_PATH "${folder}" folder)
    target_link_options(mod_kernels INTERFACE "LINKER:-rpath,${folder}")
    message(STATUS "cuStateVec: ${VQE_CUSTATEVEC_LIBRARY}")
  else()
    message(STATUS "cuStateVec: its header alone, in ${VQE_CUSTATEVEC_INCLUDE}"
                   "; the library is looked for at run time")
  endif()
else()
  add_library(kernel_gates OBJECT kernels/no_custatevec.c)
  if(VQE_HAS_CUDA)
    message(STATUS "cuStateVec: not found (CUQUANTUM_ROOT); own kernels alone")
  endif()
endif()
set(kernel_objects kernel_gates)
if(VQE_HAS_CUDA)
  list(APPEND kernel_objects kernel_products)
endif()
set_target_properties(mod_kernels ${kernel_objects} PROPERTIES
  C_VISIBILITY_PRESET hidden CUDA_VISIBILITY_PRESET hidden)
set(kernel_links ${VQE_INCLUDE_ROOT}/kernels)
file(MAKE_DIRECTORY ${kernel_links})
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/kernels ${kernel_links}/kernels SYMBOLIC)
target_include_directories(mod_kernels PUBLIC ${kernel_links})
target_link_libraries(mod_kernels PUBLIC mod_base)
foreach(objects ${kernel_objects})
  vqe_compile_options(${objects})
  target_sources(mod_kernels PRIVATE $<TARGET_OBJECTS:${objects}>)
  target_include_directories(${objects} PRIVATE ${kernel_links})
  target_link_libraries(${objects} PRIVATE mod_base)
endforeach()
