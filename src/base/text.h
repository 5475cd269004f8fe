/* Texts that a terminal shows, and that come from files. */
#ifndef VQE_BASE_TEXT_H
#define VQE_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The next letter of foreign text as a screen may show it: itself, a blank for
 * a control character (C0, DEL, C1), for what turns the direction of writing
 * and for other letters without a form, '?' for a byte that is no UTF-8.
 * `left` bytes may be read, at least one; returns how many the letter takes.
 */
size_t vqe_text_letter(char out[5], const char *at, size_t left);

/* All that comes from outside (names in files, words of servers, keys) passes
 * here before it is shown: nothing in it may move the cursor, begin a line or
 * turn what follows. In place, by vqe_text_letter(). */
void vqe_text_blank_controls(char *text);

/* Length of the UTF-8 sequence at `at` (RFC 3629), of which `left` bytes may
 * be read, and its code point; 0 when it is not well formed (overlong, a
 * surrogate, beyond U+10FFFF). Reads no byte behind a NUL, so a text that ends
 * in one needs no length. Takes no memory. */
size_t vqe_text_utf8(uint32_t *point, const uint8_t *at, size_t left);

/* Print a text of several lines that comes from outside: on a terminal as the
 * screen may show it, into a file or a pipe as it is. */
void vqe_text_show(FILE *stream, const char *text);

/* Blank the controls of such a text, but for the ends of its lines and
 * tabulators, if `descriptor` is a terminal. */
void vqe_text_for(int descriptor, char *text);

/* Print `text` as one word of a shell's command line: as it is, or between
 * quotes where a shell would take letters of it for something else, without
 * controls. */
void vqe_text_shell_word(FILE *stream, const char *text);

/* Columns of the window behind `stream`: those of the terminal, else of
 * COLUMNS, else 80. */
int vqe_text_width(FILE *stream);

/* Print `text` in lines of `width` letters; lines after the first begin with
 * `indent` blanks. A word that is longer than a line stays whole. */
void vqe_text_wrap(FILE *stream, const char *text, int width, int indent);

/* A bar of `length` letters and the share behind it, "[####----]  50 %";
 * `share` is taken as 0 to 1. ASCII, which every terminal and log shows. */
#define VQE_TEXT_BAR(length) ((length) + 10)
void vqe_text_bar(char *out, int length, double share);

/* Print one line that holds text from outside; the format has no line break,
 * and no argument makes one. */
void vqe_text_line(FILE *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Print the lines of `text`, which it cuts, each folded at `width` and those
 * after the first indented. A line that fits stays as it is: the blanks of a
 * statement with a mark below its fault count. */
void vqe_text_fold(FILE *stream, char *text, int width);

#endif
