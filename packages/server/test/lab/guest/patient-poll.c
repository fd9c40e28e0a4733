/*
 * Preloaded into usbredirect 0.13, which asks whether it may write as long as it runs, and so never
 * rests: it is told so only when nothing else has come for a moment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>

enum { MOMENT_MS = 4 };

int poll(struct pollfd *files, nfds_t count, int limit) {
  static int (*real)(struct pollfd *, nfds_t, int);
  if (!real) real = dlsym(RTLD_NEXT, "poll");
  int writes = 0;
  for (nfds_t i = 0; i < count; i++) writes |= files[i].events & POLLOUT;
  if (!writes || (limit >= 0 && limit <= MOMENT_MS)) return real(files, count, limit);
  struct pollfd others[count];
  for (nfds_t i = 0; i < count; i++) {
    others[i] = files[i];
    others[i].events &= ~POLLOUT;
  }
  int found = real(others, count, MOMENT_MS);
  if (found == 0) return real(files, count, limit);
  for (nfds_t i = 0; i < count; i++) files[i].revents = others[i].revents;
  return found;
}
