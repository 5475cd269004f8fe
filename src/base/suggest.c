#include "base/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define WORD_SIZE 64

static int minimum(int a, int b)
{
  return a < b ? a : b;
}

int vqe_suggest_distance(const char *a, const char *b)
{
  /* optimal string alignment: three rows of the edit matrix suffice */
  int row[3][WORD_SIZE];
  size_t na = strlen(a);
  size_t nb = strlen(b);
  if (na >= WORD_SIZE || nb >= WORD_SIZE) {
    return INT_MAX;
  }
  for (size_t j = 0; j <= nb; j++) {
    row[0][j] = (int)j;
  }
  for (size_t i = 1; i <= na; i++) {
    int *now = row[i % 3];
    const int *last = row[(i - 1) % 3];
    const int *before = row[(i + 1) % 3];
    now[0] = (int)i;
    for (size_t j = 1; j <= nb; j++) {
      int ca = tolower((unsigned char)a[i - 1]);
      int cb = tolower((unsigned char)b[j - 1]);
      int edits = minimum(last[j], now[j - 1]) + 1;
      edits = minimum(edits, last[j - 1] + (ca != cb));
      if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
          cb == tolower((unsigned char)a[i - 2])) {
        edits = minimum(edits, before[j - 2] + 1);
      }
      now[j] = edits;
    }
  }
  return row[na % 3][nb];
}

const char *vqe_suggest(const char *word, const char *const *known,
                        size_t count)
{
  const char *nearest = NULL;
  int least = INT_MAX;
  for (size_t k = 0; k < count; k++) {
    int distance = vqe_suggest_distance(word, known[k]);
    size_t longer = strlen(word);
    if (strlen(known[k]) > longer) {
      longer = strlen(known[k]);
    }
    if (distance < least && distance <= 1 + (int)longer / 3) {
      least = distance;
      nearest = known[k];
    }
  }
  return nearest;
}
