/* What the example needs of its board: an emulated Cortex-M that talks to the emulator by semihosting. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* A file in the emulator's working directory, open for reading. */
struct file {
    int32_t handle;
};

/* Opens a file; ends the emulator with status 2 if there is none. */
struct file open_file(const char *name);

/* Reads so many bytes; ends the emulator with status 2 if the file is shorter. */
void read_file(struct file *file, void *to, size_t bytes);

void print(const char *text);
void print_number(int32_t number);

/* Ends the emulator. */
void stop(int status);

#endif
