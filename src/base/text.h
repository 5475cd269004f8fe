/* Texts that a terminal shows, and that come from files. */
#ifndef VQE_BASE_TEXT_H
#define VQE_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Blanks for control characters: names come from files, and nothing in them
 * may move the cursor or begin a line. Bytes of UTF-8 letters stay. */
void vqe_text_blank_controls(char *text);

/* Length of the UTF-8 sequence at `at` (RFC 3629), of which `left` bytes may
 * be read, and its code point; 0 when it is not well formed (overlong, a
 * surrogate, beyond U+10FFFF). Reads no byte behind a NUL, so a text that ends
 * in one needs no length. Takes no memory. */
size_t vqe_text_utf8(uint32_t *point, const uint8_t *at, size_t left);

#endif
