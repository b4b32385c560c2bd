/* file.h - files that have to be whole after a crash. Each function is true when it went well, else
 * errno tells. Threads: any. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All of the bytes, whatever write(2) takes at once. */
bool file_write_all(int fd, const void *p, size_t n);
/* Makes the names in a folder durable; a folder that cannot be synced counts as failed. */
bool file_sync_folder(const char *folder);
/* The same for the folder in which path lies. */
bool file_sync_folder_of(const char *path);
/* How many bytes this process may still write on the disk where the folder lies. */
bool file_room(const char *folder, int64_t *bytes);

#endif
