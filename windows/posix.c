/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What posix.h declares, by the calls of Windows. */
#include <dlfcn.h>
#include <errno.h>
#include <share.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <windows.h>

#define TICKS_PER_SECOND 10000000u /* of a FILETIME */
#define SECONDS_1601_TO_1970 11644473600u
#define MAX_TRIES 100

/* ---- errors ------------------------------------------------------------------------------------- */

static int failed(int number) {
    errno = number;
    return -1;
}

static int failed_here(void) {
    switch (GetLastError()) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_NETPATH:
        return failed(ENOENT);
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return failed(EEXIST);
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
        return failed(EACCES);
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return failed(ENOMEM);
    case ERROR_DISK_FULL:
        return failed(ENOSPC);
    case ERROR_FILENAME_EXCED_RANGE:
        return failed(ENAMETOOLONG);
    default:
        return failed(EIO);
    }
}

/* ---- files ---------------------------------------------------------------------------------------- */

static DWORD disposition(int flags) {
    if (flags & O_EXCL) return CREATE_NEW;
    if (flags & O_CREAT) return flags & O_TRUNC ? CREATE_ALWAYS : OPEN_ALWAYS;
    return flags & O_TRUNC ? TRUNCATE_EXISTING : OPEN_EXISTING;
}

int windows_open(const char *path, int flags, ...) {
    const int access = flags & (O_RDONLY | O_WRONLY | O_RDWR);
    const DWORD wanted = access == O_RDWR     ? GENERIC_READ | GENERIC_WRITE
                         : access == O_WRONLY ? GENERIC_WRITE
                                              : GENERIC_READ;
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, !(flags & _O_NOINHERIT)};
    /* FILE_FLAG_BACKUP_SEMANTICS opens folders too, as POSIX does for reading. */
    HANDLE h = CreateFileA(strcmp(path, "/dev/null") == 0 ? "NUL" : path, wanted,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &inherited, disposition(flags),
                           FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (h == INVALID_HANDLE_VALUE) return failed_here();
    const int handle = _open_osfhandle((intptr_t)h, access | _O_BINARY | (flags & (O_APPEND | _O_NOINHERIT)));
    if (handle < 0) CloseHandle(h);
    return handle;
}

ssize_t windows_write(int handle, const void *data, size_t n_bytes) {
    return _write(handle, data, n_bytes > INT_MAX ? INT_MAX : (unsigned)n_bytes);
}

static int facts_of(HANDLE h, struct windows_stat *facts) {
    BY_HANDLE_FILE_INFORMATION found;
    *facts = (struct windows_stat){0};
    switch (GetFileType(h)) {
    case FILE_TYPE_CHAR:
        facts->st_mode = S_IFCHR | 0666;
        return 0;
    case FILE_TYPE_PIPE:
        facts->st_mode = S_IFIFO | 0666;
        return 0;
    default:
        break;
    }
    if (!GetFileInformationByHandle(h, &found)) return failed_here();
    const uint64_t ticks = (uint64_t)found.ftLastWriteTime.dwHighDateTime << 32 | found.ftLastWriteTime.dwLowDateTime;
    facts->st_dev = found.dwVolumeSerialNumber;
    facts->st_ino = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow;
    facts->st_size = (int64_t)((uint64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow);
    facts->st_mtim.tv_sec = (time_t)(ticks / TICKS_PER_SECOND - SECONDS_1601_TO_1970);
    facts->st_mtim.tv_nsec = (long)(ticks % TICKS_PER_SECOND * 100);
    facts->st_mode = found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? S_IFDIR | 0777 : S_IFREG | 0666;
    if (found.dwFileAttributes & FILE_ATTRIBUTE_READONLY) facts->st_mode &= ~0222u;
    return 0;
}

int windows_fstat(int handle, struct windows_stat *facts) {
    const intptr_t h = _get_osfhandle(handle);
    return h == -1 ? failed(EBADF) : facts_of((HANDLE)h, facts);
}

int windows_stat(const char *path, struct windows_stat *facts) {
    HANDLE h = CreateFileA(strcmp(path, "/dev/null") == 0 ? "NUL" : path, FILE_READ_ATTRIBUTES,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                           FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (h == INVALID_HANDLE_VALUE) return failed_here();
    const int said = facts_of(h, facts);
    CloseHandle(h);
    return said;
}

int windows_rename(const char *from, const char *to) {
    return MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING) ? 0 : failed_here();
}

static void turn_slashes(char *path) {
    for (; *path; path++)
        if (*path == '\\') *path = '/';
}

ssize_t readlink(const char *path, char *to, size_t n_bytes) {
    char program[PATH_MAX];
    if (strcmp(path, "/proc/self/exe") != 0) return failed(EINVAL);
    const DWORD n = GetModuleFileNameA(NULL, program, sizeof program);
    if (n == 0 || n >= sizeof program || n > n_bytes) return failed(ENAMETOOLONG);
    turn_slashes(program);
    memcpy(to, program, n);
    return (ssize_t)n;
}

char *realpath(const char *path, char *to) {
    struct windows_stat facts;
    if (windows_stat(path, &facts) != 0 || !_fullpath(to, path, PATH_MAX)) return NULL;
    turn_slashes(to);
    return to;
}

/* The last six letters are XXXXXX. */
char *mkdtemp(char *path) {
    const size_t n = strlen(path);
    uint64_t seed = GetTickCount64() ^ (uint64_t)GetCurrentProcessId() << 32;
    for (int attempt = 0; attempt < MAX_TRIES; attempt++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (unsigned i = 0; i < 6; i++) path[n - 1 - i] = (char)('a' + (seed >> (30 + 5 * i)) % 26);
        if (_mkdir(path) == 0) return path;
        if (errno != EEXIST) return NULL;
    }
    return NULL;
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    return (void)from_folder, (void)from, (void)to_folder, (void)to, (void)flags, failed(ENOSYS);
}

int dirfd(DIR *folder) { return (void)folder, failed(ENOSYS); }

int unlinkat(int folder, const char *name, int flags) { return (void)folder, (void)name, (void)flags, failed(ENOSYS); }

int alphasort(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static bool take_entry(struct dirent ***list, size_t *n, const struct dirent *entry) {
    struct dirent **longer = realloc(*list, (*n + 1) * sizeof *longer), *copy = malloc(sizeof *copy);
    if (longer) *list = longer;
    if (!longer || !copy) {
        free(copy);
        return false;
    }
    *copy = *entry;
    longer[(*n)++] = copy;
    return true;
}

int scandir(const char *path, struct dirent ***out, int (*wanted)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **)) {
    struct dirent **list = NULL, *entry;
    size_t n = 0;
    bool good = true;
    DIR *folder = opendir(path);
    if (!folder) return -1;
    while (good && (entry = readdir(folder)) != NULL)
        if (!wanted || wanted(entry)) good = take_entry(&list, &n, entry);
    closedir(folder);
    if (!good) {
        while (n > 0) free(list[--n]);
        free(list);
        return failed(ENOMEM);
    }
    if (n > 1) qsort(list, n, sizeof *list, (int (*)(const void *, const void *))(void *)compare);
    *out = list;
    return (int)n;
}

int fcntl(int handle, int command, ...) {
    if (_get_osfhandle(handle) == -1) return failed(EBADF);
    return command == F_GETFD ? 0 : _dup(handle);
}

/* ---- mapped files ------------------------------------------------------------------------------------ */

void *mmap(void *address, size_t n_bytes, int protection, int flags, int handle, off_t at) {
    (void)address, (void)protection, (void)flags, (void)at;
    HANDLE mapping = CreateFileMappingA((HANDLE)_get_osfhandle(handle), NULL, PAGE_READONLY, 0, 0, NULL);
    void *view = mapping ? MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, n_bytes) : NULL;
    if (!view) failed_here();
    if (mapping) CloseHandle(mapping); /* the view keeps it */
    return view ? view : MAP_FAILED;
}

int munmap(void *address, size_t n_bytes) {
    (void)n_bytes;
    return UnmapViewOfFile(address) ? 0 : failed_here();
}

int madvise(void *address, size_t n_bytes, int advice) { return (void)address, (void)n_bytes, (void)advice, 0; }

/* The library's file would have to be kept somewhere: models are found from the program's folder, or by PITH_MODELS. */
int dladdr(const void *address, Dl_info *info) { return (void)address, (void)info, 0; }

/* ---- other programs ------------------------------------------------------------------------------------ */

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions) { return (void)actions, ENOSYS; }
int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions) { return (void)actions, 0; }
int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int handle, const char *path, int flags,
                                     unsigned mode) {
    return (void)actions, (void)handle, (void)path, (void)flags, (void)mode, ENOSYS;
}
int posix_spawnp(pid_t *child, const char *program, const posix_spawn_file_actions_t *actions, const void *attributes,
                 char *const words[], char *const environment[]) {
    return (void)child, (void)program, (void)actions, (void)attributes, (void)words, (void)environment, ENOSYS;
}
pid_t waitpid(pid_t child, int *status, int options) {
    return (void)child, (void)status, (void)options, failed(ENOSYS);
}

/* ---- signals -------------------------------------------------------------------------------------------- */

int sigaction(int number, const struct sigaction *action, struct sigaction *before) {
    if (number != SIGINT && number != SIGTERM) return failed(EINVAL);
    void (*was)(int) = signal(number, action ? action->sa_handler : SIG_DFL);
    if (was == SIG_ERR) return failed(EINVAL);
    if (!action) signal(number, was);
    if (before) *before = (struct sigaction){.sa_handler = was};
    return 0;
}

int sigfillset(sigset_t *set) {
    *set = ~0u;
    return 0;
}

int sigemptyset(sigset_t *set) {
    *set = 0;
    return 0;
}

/* ---- text, machine ---------------------------------------------------------------------------------------- */

char *strsep(char **rest, const char *separators) {
    char *word = *rest;
    if (!word) return NULL;
    *rest = word + strcspn(word, separators);
    if (**rest)
        *(*rest)++ = '\0';
    else
        *rest = NULL;
    return word;
}

char *strndup(const char *text, size_t n) {
    const size_t length = strnlen(text, n);
    char *copy = malloc(length + 1);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

long sysconf(int name) {
    SYSTEM_INFO machine;
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    GetSystemInfo(&machine);
    if (name == _SC_NPROCESSORS_ONLN) return (long)machine.dwNumberOfProcessors;
    if (name == _SC_PAGESIZE) return (long)machine.dwPageSize;
    return GlobalMemoryStatusEx(&memory) ? (long)(memory.ullTotalPhys / machine.dwPageSize) : -1;
}
