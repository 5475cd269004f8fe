/* Texts that a terminal shows. */
#ifndef VQE_BASE_TEXT_H
#define VQE_BASE_TEXT_H

/* Blanks for control characters: names come from files, and nothing in them
 * may move the cursor or begin a line. Bytes of UTF-8 letters stay. */
void vqe_text_blank_controls(char *text);

#endif
