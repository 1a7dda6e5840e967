/* A disk that fails at a chosen operation, put before the C library by LD_PRELOAD: whatever writes
   below a folder is counted, by our own code, SQLite and tantivy alike. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static long done, fails_at;
static int error, lasts, counts_all;
static char failed[32];
static void (*watcher)(const char *, const char *, int);

/* Count what follows below a folder: what takes room alone, or all that changes the disk. The
   operation of that number fails, and where it lasts so does each after it; none where it is 0. */
void disk_arm(const char *below, long at, int number, int for_good, int all) {
    done = 0, fails_at = at, error = number, lasts = for_good, counts_all = all;
    failed[0] = 0;
    snprintf(folder, sizeof folder, "%s", below);
}
/* Have somebody told of each operation that is counted, in the thread that does it. */
void disk_watch(void (*told)(const char *, const char *, int)) { watcher = told; }
void disk_rest(void) { folder[0] = 0; }
long disk_done(void) { return done; }
const char *disk_failed(void) { return failed; }

static int fails(const char *name, const char *path, int takes_room) {
    size_t length = strlen(folder);
    if (!length || !path || strncmp(path, folder, length)) return 0;
    if (!takes_room && !counts_all) return 0;
    long number = __sync_add_and_fetch(&done, 1);
    if (watcher) {
        int before = errno;
        watcher(name, path, takes_room);
        errno = before;
    }
    if (!fails_at || number < fails_at || (number > fails_at && !lasts)) return 0;
    if (!failed[0]) snprintf(failed, sizeof failed, "%s", name);
    errno = error;
    return 1;
}

static int fails_on(const char *name, int descriptor, int takes_room) {
    if (!folder[0]) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(name, path, takes_room);
}

static int fails_at_path(const char *name, int parent, const char *path, int takes_room) {
    if (!folder[0]) return 0;
    return path[0] == '/' ? fails(name, path, takes_room) : fails_on(name, parent, takes_room);
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

#define ON_DESCRIPTOR(type, name, room, params, types, ...) \
    type name params { \
        if (fails_on(#name, descriptor, room)) return -1; \
        return ((type (*) types)dlsym(RTLD_NEXT, #name))(__VA_ARGS__); \
    }
#define ON_PATH(name, room, place, params, types, ...) \
    int name params { \
        if (fails(#name, place, room)) return -1; \
        return ((int (*) types)dlsym(RTLD_NEXT, #name))(__VA_ARGS__); \
    }

ON_DESCRIPTOR(ssize_t, write, 1, (int descriptor, const void *from, size_t size),
              (int, const void *, size_t), descriptor, from, size)
ON_DESCRIPTOR(ssize_t, writev, 1, (int descriptor, const struct iovec *from, int count),
              (int, const struct iovec *, int), descriptor, from, count)
ON_DESCRIPTOR(ssize_t, pwrite, 1, (int descriptor, const void *from, size_t size, off_t at),
              (int, const void *, size_t, off_t), descriptor, from, size, at)
ON_DESCRIPTOR(ssize_t, pwrite64, 1, (int descriptor, const void *from, size_t size, off64_t at),
              (int, const void *, size_t, off64_t), descriptor, from, size, at)
ON_DESCRIPTOR(ssize_t, sendfile, 1, (int descriptor, int source, off_t *at, size_t size),
              (int, int, off_t *, size_t), descriptor, source, at, size)
ON_DESCRIPTOR(ssize_t, sendfile64, 1, (int descriptor, int source, off64_t *at, size_t size),
              (int, int, off64_t *, size_t), descriptor, source, at, size)
ON_DESCRIPTOR(int, ftruncate, 1, (int descriptor, off_t size), (int, off_t), descriptor, size)
ON_DESCRIPTOR(int, ftruncate64, 1, (int descriptor, off64_t size), (int, off64_t), descriptor, size)
ON_DESCRIPTOR(int, fsync, 0, (int descriptor), (int), descriptor)
ON_DESCRIPTOR(int, fdatasync, 0, (int descriptor), (int), descriptor)
ON_PATH(mkdir, 1, path, (const char *path, mode_t mode), (const char *, mode_t), path, mode)
ON_PATH(link, 1, to, (const char *from, const char *to), (const char *, const char *), from, to)
ON_PATH(rename, 0, to, (const char *from, const char *to), (const char *, const char *), from, to)
ON_PATH(unlink, 0, path, (const char *path), (const char *), path)

int unlinkat(int parent, const char *path, int flags) {
    if (fails_at_path("unlinkat", parent, path, 0)) return -1;
    return REAL(int, unlinkat, int, const char *, int)(parent, path, flags);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & O_CREAT) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
            if (access(path, F_OK) && fails(#name, path, 1)) return -1; \
        } \
        return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name))(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
