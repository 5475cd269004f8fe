/* vqe_batch with emulated devices, as many as CUDA_VISIBLE_DEVICES lists: what
 * SLURM sets for its generic resources and CUDA heeds. Without that variable
 * there is none. VQE_TEST_NO_LIBRARY: no cuStateVec either. */
#include <stdlib.h>

#include "emulated_device.h"

__attribute__((constructor)) static void see_devices(void)
{
  const char *text = getenv("CUDA_VISIBLE_DEVICES");
  char *end = NULL;
  vqe_emulated_count = 0;
  vqe_emulated_library = getenv("VQE_TEST_NO_LIBRARY") == NULL;
  while (text != NULL && *text != '\0' &&
         vqe_emulated_count < VQE_EMULATED_MOST) {
    long number = strtol(text, &end, 10);
    if (end == text || number < 0) {
      break; /* CUDA ends the list there, too */
    }
    /* from 1, as 0 is no number of its own in the name */
    vqe_emulated_numbers[vqe_emulated_count++] = (int)number + 1;
    text = *end == ',' ? end + 1 : "";
  }
}
