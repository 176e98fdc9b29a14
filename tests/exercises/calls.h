// The functions of calls.c that stand for those the student's file calls, and
// what they need of one another.
#ifndef CALLS_H
#define CALLS_H

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

int student_pthread_mutex_lock(pthread_mutex_t *mutex);
int student_pthread_mutex_trylock(pthread_mutex_t *mutex);
int student_pthread_mutex_unlock(pthread_mutex_t *mutex);
int student_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int student_pthread_cond_signal(pthread_cond_t *cond);
int student_pthread_cond_broadcast(pthread_cond_t *cond);
int student_mtx_init(mtx_t *mutex, int type);
int student_mtx_lock(mtx_t *mutex);
int student_mtx_trylock(mtx_t *mutex);
int student_mtx_unlock(mtx_t *mutex);
void student_mtx_destroy(mtx_t *mutex);
void student_call_once(once_flag *flag, void (*function)(void));
int student_cnd_init(cnd_t *cond);
int student_cnd_wait(cnd_t *cond, mtx_t *mutex);
int student_cnd_signal(cnd_t *cond);
int student_cnd_broadcast(cnd_t *cond);
void student_cnd_destroy(cnd_t *cond);
int student_nanosleep(const struct timespec *time, struct timespec *left);
int student_clock_nanosleep(clockid_t clock, int flags,
                            const struct timespec *time, struct timespec *left);
int student_usleep(unsigned time);
unsigned student_sleep(unsigned time);
int student_thrd_sleep(const struct timespec *time, struct timespec *left);
int student_sched_yield(void);
void student_thrd_yield(void);
int student_pause(void);
int student_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *time);
int student_pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   clockid_t clock,
                                   const struct timespec *time);
int student_cnd_timedwait(cnd_t *cond, mtx_t *mutex,
                          const struct timespec *time);
int student_sem_timedwait(sem_t *semaphore, const struct timespec *time);
int student_poll(struct pollfd *fds, nfds_t count, int ms);
int student_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time,
                  const sigset_t *mask);
int student_select(int count, fd_set *in, fd_set *out, fd_set *other,
                   struct timeval *time);
ssize_t student_read(int fd, void *buf, size_t len);
int student_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int student_epoll_wait(int epoll, struct epoll_event *events, int count,
                       int ms);

#endif
