#include "version_print.h"

#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "vqe/experiment.h"

/* Those that results or tables come from; what they load in turn (of curl and
 * MPI some fifty) is left out. */
static const char *const libraries[] = {
    "libmpi.so",        "libopenblas", "liblapacke.so", "libhdf5",
    "libcint.so",       "libnlopt.so", "libgsl.so",     "libjansson.so",
    "libavro.so",       "libcurl.so",  "libcrypto.so",  "librdkafka.so",
    "libmicrohttpd.so", "libgomp.so",  "libduckdb",     "libcublas.so",
    "libcustatevec.so", "libexpat.so", "libz.so",       "libstdc++.so"};

static int print_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
  const char *slash = strrchr(info->dlpi_name, '/');
  const char *name = slash != NULL ? slash + 1 : info->dlpi_name;
  (void)size;
  (void)ctx;
  for (size_t k = 0; k < sizeof libraries / sizeof libraries[0]; k++) {
    if (strncmp(name, libraries[k], strlen(libraries[k])) == 0) {
      /* links end in the file whose name has the whole version */
      char *path = realpath(info->dlpi_name, NULL);
      printf("  %s\n", path != NULL ? path : info->dlpi_name);
      free(path);
      return 0;
    }
  }
  return 0;
}

static void print_processor(void)
{
  char model[128];
  vqe_machine_processor_model(model, sizeof model);
  printf("processor: %s, %d for this process", model,
         vqe_machine_processors());
#if defined(__x86_64__)
  printf("%s%s%s", __builtin_cpu_supports("avx2") ? ", AVX2" : "",
         __builtin_cpu_supports("fma") ? ", FMA" : "",
         __builtin_cpu_supports("avx512f") ? ", AVX-512" : "");
#endif
  printf("\n");
}

void vqe_cmd_version_print(const char *program)
{
  printf("%s %s\n", program, vqe_version());
  printf("build: " VQE_BUILD "\n");
  print_processor();
  printf("libraries:\n");
  (void)dl_iterate_phdr(print_library, NULL);
}
