/**
 * Keeps handlers of signals away from a thread that computes. oneDNN before 3.11.2, which TensorFlow 2.21 has within,
 * multiplies matrices with the stack pointer in a buffer on the heap (uxlfoundation/oneDNN#4845): a handler's frame is
 * written below it, over whatever lies before the buffer.
 */
#ifndef ECHOLOOP_SIGNALS_HELD_H_
#define ECHOLOOP_SIGNALS_HELD_H_

#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#endif

namespace tfnodejs {

#if defined(_WIN32)
// Windows runs handlers on threads of their own.
class SignalsHeld {
 public:
  SignalsHeld() {}
  ~SignalsHeld() {}
};
#else
// While it lives, signals wait, or go to another thread of the process. Threads that begin meanwhile take none ever.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    sigfillset(&held);
    // A fault of the code that runs cannot wait.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
      sigdelset(&held, fault);
    }
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld &) = delete;
  SignalsHeld &operator=(const SignalsHeld &) = delete;

 private:
  sigset_t before_;
};
#endif

}  // namespace tfnodejs

#endif  // ECHOLOOP_SIGNALS_HELD_H_
