// The locks of C11, which the thread sanitizer does not know: in glibc they are
// those of POSIX. They stand for what the student's file calls, as calls.c
// says.
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>

static int result(int error)
{
    return error == 0        ? thrd_success
           : error == EBUSY  ? thrd_busy
           : error == ENOMEM ? thrd_nomem
                             : thrd_error;
}

int student_mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    return result(pthread_mutex_init((pthread_mutex_t *)mutex, &attr));
}

int student_mtx_lock(mtx_t *mutex)
{
    return result(student_pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int student_mtx_trylock(mtx_t *mutex)
{
    return result(student_pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

int student_mtx_unlock(mtx_t *mutex)
{
    return result(student_pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

void student_mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

void student_call_once(once_flag *flag, void (*function)(void))
{
    pthread_once((pthread_once_t *)flag, function);
}

int student_cnd_init(cnd_t *cond)
{
    return result(pthread_cond_init((pthread_cond_t *)cond, NULL));
}

int student_cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    return result(student_pthread_cond_wait((pthread_cond_t *)cond,
                                            (pthread_mutex_t *)mutex));
}

int student_cnd_signal(cnd_t *cond)
{
    return result(student_pthread_cond_signal((pthread_cond_t *)cond));
}

int student_cnd_broadcast(cnd_t *cond)
{
    return result(student_pthread_cond_broadcast((pthread_cond_t *)cond));
}

void student_cnd_destroy(cnd_t *cond)
{
    pthread_cond_destroy((pthread_cond_t *)cond);
}
